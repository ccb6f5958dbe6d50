// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import HostAccess
import Lab

struct LabShellCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shell", abstract: "Log in to a head of the lab, or run a command there.")

  @OptionGroup var options: LabOptions

  @Argument(help: "The head.")
  var head: String

  @Argument(parsing: .captureForPassthrough, help: "A command for its shell, instead of logging in.")
  var command: [String] = []

  func run() async throws {
    try await Failure.telling {
      let (site, machine) = try options.machine(head)
      throw LabEntry.become(["ssh", "-F", site.sshConfig, machine.name.name] + command.drop { $0 == "--" })
    }
  }
}
