// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// The ways in which a machine's BMC is not as the description says, or not as quick as one would like.
package struct BoardTraits: Hashable, Codable, Sendable {
  /// Seconds from an order to switch off until the power is gone. The order itself is taken at once, as hardware does.
  package var offAfter: Double
  /// The machine whose power it really switches, and whose GUID it tells: somebody has mixed up two cables.
  package var chassisOf: HostID?
  /// It tells the power, and refuses to change it.
  package var readOnly: Bool
  /// It says yes to every order, and does nothing.
  package var lies: Bool

  package init(
    offAfter: Double = 0, chassisOf: HostID? = nil, readOnly: Bool = false, lies: Bool = false
  ) {
    self.offAfter = offAfter
    self.chassisOf = chassisOf
    self.readOnly = readOnly
    self.lies = lies
  }
}

extension LabSite {
  private func traitsFile(_ machine: LabMachine) -> String { "\(directory(of: machine))/bmc-traits.json" }

  func traits(of machine: LabMachine) -> BoardTraits {
    LabFiles.readJSON(BoardTraits.self, from: traitsFile(machine)) ?? BoardTraits()
  }

  /// Gives a machine's BMC these traits, and no others.
  package func setBMC(of name: HostID, _ traits: BoardTraits) async throws(AgentError) {
    let machine = try LabEntry.machine(name.name, of: self)
    guard let bmc = machine.bmc else {
      throw AgentError(.notFound, "\(name) has no BMC", next: "Use a machine that has `bmc:` in cluster.yaml.")
    }
    if let other = traits.chassisOf { _ = try LabEntry.machine(other.name, of: self) }
    try LabFiles.writeJSON(traits, to: traitsFile(machine))
    let board = BoardController(site: self, machine: machine, bmc: bmc)
    if board.daemon.isAlive { try await board.start() }
  }
}
