// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import HostAccess
import Lab

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

  @Argument var state: String
  @Argument var machine: String
  @Argument(parsing: .allUnrecognized) var request: [String] = []

  func run() async throws {
    try await Failure.telling {
      let site = try LabEntry.site(state: state)
      let machine = try LabEntry.machine(machine, of: site)
      for line in try await ChassisControl(PowerSwitch(machine, of: site)).answer(request) { Terminal.print(line) }
    }
  }
}
