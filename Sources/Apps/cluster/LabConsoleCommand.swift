// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import HostAccess
import Lab

struct LabConsoleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "console", abstract: "Show what a machine of the lab wrote on its console.")

  @OptionGroup var options: LabOptions

  @Argument(help: "The head or node.")
  var machine: String

  @Flag(help: "Go on until interrupted.")
  var follow = false

  func run() async throws {
    try await Failure.telling {
      let (site, machine) = try options.machine(machine)
      let how = follow ? ["--follow=name", "--retry"] : []
      throw LabEntry.become(["tail", "--lines=+1"] + how + [site.console(of: machine)])
    }
  }
}
