// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Reconciler
import Wings

struct HACommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ha", abstract: "Move the services to another head, or pause and resume high availability.",
    discussion: ExitStatus.table,
    subcommands: [SwitchoverCommand.self, FenceTestCommand.self, HAPauseCommand.self, HAResumeCommand.self])
}

struct SwitchoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "switchover", abstract: "Move service addresses and services to another head, in good order.",
    discussion: """
      Nothing is left behind that holds them there: they go back with another switchover, or when that head fails.
      """)

  @Option(help: ArgumentHelp("The head to move to. Default: the other one, where there are two.", valueName: "head"))
  var to: String?

  @Option(
    help: ArgumentHelp(
      "A group of `ha: spread:`, which has a head of its own. Default: the services at the service addresses.",
      valueName: "name"))
  var spread: String?

  @OptionGroup var errand: ErrandOptions

  func validate() throws {
    try errand.check()
    if spread != nil, to == nil { throw ValidationError("--spread needs --to HEAD") }
  }

  func run() async throws {
    try await errand.carryOut { _, reconciler in
      if let to { return SwitchoverErrand(to: HostID(to), spread: spread) }
      let active = try await reconciler.look { _ in [] }.activeHead
      let others = reconciler.cluster.heads.map(\.name).filter { $0 != active }
      guard others.count == 1, let other = others.first else {
        throw Failure(
          "there \(others.isEmpty ? "is no other head" : "are several other heads") to move the services to",
          next: others.isEmpty
            ? "Describe a second head and `ha:`, then apply."
            : "Name one with --to: \(others.map(\.name).joined(separator: ", ")).")
      }
      return SwitchoverErrand(to: other)
    }
  }
}

struct FenceTestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fence-test",
    abstract: "Have Pacemaker cut a head's power, to see that it works and how long it takes.",
    discussion: """
      What runs on the head is gone at once. It has to come back by itself: the run waits until it is in the cluster \
      again, and records the times.
      """)

  @Argument(help: "The head to cut.")
  var head: String

  @Flag(help: "Also when the services run there: they fail over.")
  var serving = false

  @OptionGroup var errand: ErrandOptions

  func validate() throws { try errand.check() }

  func run() async throws {
    try await errand.carryOut { run, _ in FenceTestErrand(HostID(head), serving: serving, token: run) }
  }
}

struct HAPauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Have Pacemaker touch nothing: services stay where they are, whatever fails.")
  @OptionGroup var errand: ErrandOptions

  func validate() throws { try errand.check() }
  func run() async throws { try await errand.carryOut { _, _ in MaintenanceErrand(true) } }
}

struct HAResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "End a pause: Pacemaker minds the services again.")
  @OptionGroup var errand: ErrandOptions

  func validate() throws { try errand.check() }
  func run() async throws { try await errand.carryOut { _, _ in MaintenanceErrand(false) } }
}
