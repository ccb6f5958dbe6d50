// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Reconciler

@main
struct ClusterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Keeps a cluster and its highly available heads as cluster.yaml describes them.",
    discussion: """
      Start with `cluster validate`, look at `cluster plan`, then `cluster apply`. With --simulate they speak to machines \
      in memory, without root; with --lab to a twin of the cluster on this machine, which `cluster lab up` builds from \
      the same file.

      Exit statuses: cluster apply --help.
      """,
    version: Version.number,
    subcommands: [
      ValidateCommand.self, PlanCommand.self, ExplainCommand.self, ApplyCommand.self, StatusCommand.self,
      LogCommand.self,
      ShowCommand.self, DiffCommand.self, BlameCommand.self, VerifyCommand.self,
      RollbackCommand.self,
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
    return [arguments[1], first] + arguments.dropFirst(2)
  }
}
