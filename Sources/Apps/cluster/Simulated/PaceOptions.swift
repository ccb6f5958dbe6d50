// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// How long steps take on machines in memory, for commands that carry some out.
struct PaceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "With --simulate: let steps take as long as on ordinary machines, divided by this. By default they take no time.",
      valueName: "times"))
  var pace: Double?

  func check(_ options: SiteOptions) throws {
    guard !options.simulate, pace != nil else { return }
    throw ValidationError("--pace requires --simulate.")
  }

  func validate() throws {
    if let pace, !(0.1...10_000).contains(pace) { throw ValidationError("--pace must be between 0.1 and 10000.") }
  }
}
