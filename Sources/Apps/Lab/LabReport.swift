// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// The state of a lab, for people and for `-o json`.
package struct LabReport: Hashable, Codable, Sendable {
  package struct Machine: Hashable, Codable, Sendable {
    package var name: HostID
    package var role: LabMachine.Role
    package var power: PowerState
    package var state: MachineStatus
    package var addresses: [String]
    package var bmc: IPv4Address?
    /// Networks whose cable is pulled.
    package var cut: [String]
  }

  package var id: String
  package var cluster: String
  package var stateDirectory: String
  package var sshConfig: String
  package var secretsDirectory: String
  package var namespace: String
  /// Things of the lab in the place of those that a site has.
  package var standIns: [String]
  package var machines: [Machine]

  package init(_ site: LabSite) {
    id = site.id
    cluster = site.cluster
    stateDirectory = site.stateDirectory
    sshConfig = site.sshConfig
    secretsDirectory = site.secretsDirectory
    namespace = site.namespace
    standIns = site.standIn.map { ["\($0) is on a program in the place of DRBD"] } ?? []
    machines = site.machines.map { machine in
      let on = PowerSwitch(machine, of: site).isOn
      let state = on ? site.status(of: machine) ?? MachineStatus(.firmware) : MachineStatus(.off)
      return Machine(
        name: machine.name, role: machine.role, power: on ? .on : .off, state: state,
        addresses: machine.ports.map { "\($0.network) \($0.address)" }, bmc: machine.bmc?.address,
        cut: machine.ports.filter(site.isCut).map(\.network))
    }
  }
}

/// Commands of the lab's copy of `cluster` that the lab itself calls.
package enum LabEntry {
  /// Joins a control group of the lab and becomes another program. Returns only to say why not.
  package static func enter(state: String, group: String, argv: [String]) throws(AgentError) -> AgentError {
    // Refused for a process that leads its group already, which then has a caller that waits for it.
    _ = setsid()
    keepOnlyStandardStreams()
    try ControlGroup(group).join()
    // `down` kills the group and then removes the state: who comes later must not start.
    guard LabFiles.exists(state) else {
      throw AgentError(.cancelled, "The lab has gone down", next: "Bring it up with `cluster lab up`.")
    }
    return Foreground.become(argv)
  }

  /// A machine that kept its BMC's socket open would keep the BMC's port.
  private static func keepOnlyStandardStreams() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    for file in names.compactMap({ Int32($0) }) where file > 2 { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }
  }

  package static func site(state: String) throws(AgentError) -> LabSite {
    guard let site = try LabSite.load(stateDirectory: state) else {
      throw AgentError(.notFound, "There is no lab in \(state)", next: "Bring one up with `cluster lab up`.")
    }
    return site
  }

  package static func machine(_ name: String, of site: LabSite) throws(AgentError) -> LabMachine {
    guard let machine = site.machine(HostID(name)) else {
      throw AgentError(
        .notFound, "The lab has no machine \(name)",
        next: "Its machines are \(site.machines.map(\.name.name).joined(separator: ", ")).")
    }
    return machine
  }

  /// Becomes another program. Returns only to say why not.
  package static func become(_ argv: [String]) -> AgentError { Foreground.become(argv) }
}
