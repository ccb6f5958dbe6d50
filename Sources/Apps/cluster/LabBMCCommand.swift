// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import HostAccess
import Lab

struct LabBMCCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bmc",
    abstract: "Make a BMC of the lab slow, wrong or unwilling; without options, as it should be.")

  @OptionGroup var options: LabOptions

  @Argument(help: "The head or node.")
  var machine: String

  @Option(help: "Seconds from an order to switch off until the power is gone.")
  var offAfter: Double = 0

  @Option(help: "The machine that it really switches.")
  var chassisOf: String?

  @Flag(help: "It tells the power, and refuses to change it.")
  var readOnly = false

  @Flag(help: "It says yes to every order, and does nothing.")
  var lies = false

  func run() async throws {
    try await Failure.telling {
      let traits = BoardTraits(
        offAfter: offAfter, chassisOf: chassisOf.map { HostID($0) }, readOnly: readOnly, lies: lies)
      try await options.site().setBMC(of: HostID(machine), traits)
    }
  }
}
