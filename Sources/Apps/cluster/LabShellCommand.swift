// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import HostAccess
import Lab

struct LabShellCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shell", abstract: "Log in to a head of the lab, or run a program there.")

  @OptionGroup var options: LabOptions

  @Argument(help: "The head.")
  var head: String

  @Argument(
    parsing: .captureForPassthrough,
    help: "A program and its arguments, to run instead of a login shell. For a pipe: `-- sh -c '…'`.")
  var command: [String] = []

  func run() async throws {
    try await Failure.telling {
      let (site, machine) = try options.machine(head)
      throw LabEntry.become(["ssh", "-F", site.sshConfig, machine.name.name] + remoteWords)
    }
  }

  /// The command as ssh(1) takes it. ssh joins its arguments with spaces, and the head's shell splits them again, so
  /// each one is quoted to arrive as it was given here.
  var remoteWords: [String] { (command.first == "--" ? command.dropFirst() : command[...]).map(Command.shellWord) }
}
