// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Faults that tests and curious users make.
extension LabSite {
  private func cutFile(_ port: LabMachine.Port) -> String { "\(stateDirectory)/cut/\(port.peer)" }

  func isCut(_ port: LabMachine.Port) -> Bool { Files.exists(cutFile(port)) }

  /// Pulls a machine's cable out of a network, or puts it back. The machine sees its link go, also over power cycles.
  package func setLink(of name: HostID, on network: String, up: Bool) async throws(AgentError) {
    guard let machine = machine(name), let port = machine.ports.first(where: { $0.network == network }) else {
      throw AgentError(
        .notFound, "\(name) has no link on \(network)", next: "Use a machine and a network of cluster.yaml.")
    }
    if up {
      try Files.remove(cutFile(port))
    } else {
      try Files.write("", to: cutFile(port))
    }
    // No such link: the machine is off, and will find its cable as it is now.
    if PowerSwitch(machine, of: self).isOn { try await ip(["link set \(port.peer) \(up ? "up" : "down")"]) }
  }

  /// Takes the package mirror away, or gives it back. What has been fetched before stays to be had.
  package func setMirror(up: Bool) async throws(AgentError) { try await PackageProxy(self).setMirror(up: up) }

  func lieFile(_ machine: LabMachine) -> String { "\(directory(of: machine))/bmc-lies" }

  /// Makes a BMC say yes to every command and do nothing, or honest again.
  package func setBMC(of name: HostID, lies: Bool) throws(AgentError) {
    let machine = try LabEntry.machine(name.name, of: self)
    if lies {
      try Files.write("", to: lieFile(machine))
    } else {
      try Files.remove(lieFile(machine))
    }
  }
}
