// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import HostAccess
import Lab

struct LabCutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cut", abstract: "Pull a machine's cable out of a network, or put it back.")

  @OptionGroup var options: LabOptions

  @Argument(help: "The head or node.")
  var machine: String

  @Argument(help: "The network.")
  var network: String

  @Flag(help: "Put it back.")
  var mend = false

  func run() async throws {
    try await Failure.telling {
      try await options.site().setLink(of: HostID(machine), on: network, up: mend)
    }
  }
}
