// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import HostAccess
import Lab

struct LabConsoleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "console", abstract: "Show the console output of a machine in the lab.")

  @OptionGroup var options: LabOptions

  @Argument(help: "The head or node.")
  var machine: String

  @Flag(help: "Keep printing new output until interrupted.")
  var follow = false

  func run() async throws {
    try await Failure.telling {
      let (site, machine) = try options.machine(machine)
      let how = follow ? ["--follow=name", "--retry"] : []
      throw LabEntry.become(["tail", "--lines=+1"] + how + [site.console(of: machine)])
    }
  }
}
