// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// How long steps take on machines in memory, for commands that carry some out.
struct PaceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "With --simulate: steps take as long as on ordinary machines, so many times as fast. Without it, no time.",
      valueName: "times"))
  var pace: Double?

  func check(_ options: SiteOptions) throws {
    guard !options.simulate, pace != nil else { return }
    throw ValidationError("--pace is about machines in memory: it goes with --simulate.")
  }

  func validate() throws {
    if let pace, !(0.1...10_000).contains(pace) { throw ValidationError("--pace is 0.1 to 10000.") }
  }
}
