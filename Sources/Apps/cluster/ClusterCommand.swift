// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Reconciler

@main
struct ClusterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Keep an HPC cluster and its highly available heads in the state that cluster.yaml describes.",
    discussion: """
      Start with `cluster validate`, read `cluster plan`, then run `cluster apply`. With --simulate these commands use \
      machines in memory and need no root; with --lab they use a copy of the cluster on this machine, which \
      `cluster lab up` builds from the same file.

      `cluster apply --help` lists the exit statuses.
      """,
    version: Version.number,
    subcommands: [
      ValidateCommand.self, PlanCommand.self, ExplainCommand.self, ApplyCommand.self, StatusCommand.self,
      UpdateCommand.self, ImageCommand.self, PackageCommand.self, RenderCommand.self, VarsCommand.self,
      LogCommand.self,
      ShowCommand.self, DiffCommand.self, BlameCommand.self, VerifyCommand.self,
      RollbackCommand.self, NodeCommand.self, PowerCommand.self, ExecCommand.self, DiscoverCommand.self,
      EventsCommand.self, DoctorCommand.self, HACommand.self, TestCommand.self,
      LabCommand.self,
    ])

  static func main() async {
    await main(labFirst(Array(CommandLine.arguments.dropFirst())))
  }

  /// `cluster --lab plan` reads naturally, but options belong to subcommands: move a leading `--lab` or `--simulate`
  /// behind the verb.
  static func labFirst(_ arguments: [String]) -> [String] {
    guard let first = arguments.first, ["--lab", "--simulate"].contains(first), arguments.count > 1 else {
      return arguments
    }
    let verb = configuration.subcommands.first { $0.configuration.commandName == arguments[1] }
    let words = verb?.configuration.subcommands.isEmpty == false && arguments.count > 2 ? 2 : 1
    return arguments[1...words] + [first] + arguments.dropFirst(1 + words)
  }
}
