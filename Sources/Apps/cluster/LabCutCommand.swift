// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import HostAccess
import Lab

struct LabCutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cut", abstract: "Unplug a machine from a network, or plug it in again.")

  @OptionGroup var options: LabOptions

  @Argument(help: "The head or node.")
  var machine: String

  @Argument(help: "The network.")
  var network: String

  @Flag(help: "Plug it in again.")
  var mend = false

  func run() async throws {
    try await Failure.telling {
      try await options.site().setLink(of: HostID(machine), on: network, up: mend)
    }
  }
}
