// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import HostAccess
import Lab

struct LabCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab", abstract: "Run a lab: a copy of the described cluster on this machine.",
    subcommands: [
      LabUpCommand.self, LabDownCommand.self, LabStatusCommand.self, LabShellCommand.self, LabConsoleCommand.self,
      LabPowerCommand.self, LabCutCommand.self, LabBMCCommand.self, LabProbeCommand.self, LabStormCommand.self,
      LabEnterCommand.self, LabMachineCommand.self, LabChassisCommand.self,
    ])
}

struct LabOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "The cluster's description.", completion: .file(extensions: ["yaml", "yml"]))
  var file = "cluster.yaml"

  /// The lab that was brought up from the file.
  func site() throws(AgentError) -> LabSite {
    guard let site = try LabSite.load(beside: file) else {
      throw AgentError(.notFound, "No lab is up for \(file)", next: "Bring one up with `cluster lab up`.")
    }
    return site
  }

  func machine(_ name: String) throws(AgentError) -> (LabSite, LabMachine) {
    let site = try site()
    return (site, try LabEntry.machine(name, of: site))
  }
}

/// Called by the lab: joins a control group and becomes another program.
struct LabEnterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "_enter", shouldDisplay: false)

  @Argument var state: String
  @Argument var group: String
  @Argument(parsing: .postTerminator) var argv: [String] = []

  func run() async throws {
    try await Failure.telling { throw try LabEntry.enter(state: state, group: group, argv: argv) }
  }
}

/// Called by the lab: the firmware of a machine that is switched on.
struct LabMachineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "_machine", shouldDisplay: false)

  @Argument var state: String
  @Argument var machine: String

  func run() async throws {
    try await Failure.telling {
      let site = try LabEntry.site(state: state)
      try await Firmware(try LabEntry.machine(machine, of: site), of: site).run()
    }
  }
}

/// Called by a BMC of the lab, as its chassis_control.
struct LabChassisCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "_chassis", shouldDisplay: false)

  /// Seconds until the request is carried out.
  @Option var wait: Double = 0
  @Option var offAfter: Double = 0
  @Flag var readOnly = false
  @Flag var lies = false
  @Flag var outlet = false
  @Argument var state: String
  @Argument var machine: String
  @Argument(parsing: .allUnrecognized) var request: [String] = []

  func run() async throws {
    try await Failure.telling {
      let site = try LabEntry.site(state: state)
      let machine = try LabEntry.machine(machine, of: site)
      if wait > 0 { try await ContinuousClock().sleep(for: .seconds(wait)) }
      let traits = BoardTraits(offAfter: offAfter, readOnly: readOnly, lies: lies)
      let chassis = ChassisControl(PowerSwitch(machine, of: site), traits, isOutlet: outlet)
      for line in try await chassis.answer(request) { Terminal.print(line) }
    }
  }
}
