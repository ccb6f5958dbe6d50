// SPDX-License-Identifier: Apache-2.0
import ClusterModel
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
  package var machines: [Machine]

  package init(_ site: LabSite) {
    id = site.id
    cluster = site.cluster
    stateDirectory = site.stateDirectory
    sshConfig = site.sshConfig
    secretsDirectory = site.secretsDirectory
    namespace = site.namespace
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
