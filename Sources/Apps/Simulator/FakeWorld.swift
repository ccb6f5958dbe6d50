// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker

/// All machines of a site as one value: heads, nodes, their BMCs, and the cluster that Pacemaker makes of the heads.
package struct FakeWorld: Sendable {
  /// A machine's power switch.
  package struct Board: Sendable {
    package enum Fault: Hashable, Sendable {
      case unreachable
      /// Says that it did what it was told, and does nothing.
      case lies
    }

    package var password: [UInt8]
    package var power = PowerState.off
    package var machine: HostID
    package var fault: Fault?

    package init(password: [UInt8], machine: HostID, power: PowerState = .off) {
      self.password = password
      self.machine = machine
      self.power = power
    }
  }

  package struct Node: Hashable, Sendable {
    /// `name/digest` of what it runs.
    package var image: String?
    /// It never asks for DHCP.
    package var silent = false
    /// It boots this instead of what its script says.
    package var boots: String?
    package var mac: MACAddress?

    package init(mac: MACAddress?) { self.mac = mac }
  }

  package var machines: [HostID: FakeMachine] = [:]
  /// Heads with an empty disk: they do not answer.
  package var blank: Set<HostID> = []
  package var boards: [IPv4Address: Board] = [:]
  package var nodes: [HostID: Node] = [:]
  /// Pacemaker's configuration, while it runs anywhere.
  package var cib: CIBDocument?
  /// Seconds since 1970. Only what takes time moves it.
  package var now = 1_700_000_000
  /// Every operation that took effect, as `head1 ensureFile …`.
  package var effects: [String] = []

  package init() {}

  package func machine(_ id: HostID) throws(AgentError) -> FakeMachine {
    guard let machine = machines[id], !blank.contains(id), !machine.faults.unreachable, isPowered(id),
      !machine.isCutOff
    else {
      throw AgentError(
        .unreachable, "\(id) does not answer", next: "See that \(id) is on and can be reached: `ssh \(id) true`.")
    }
    return machine
  }

  /// A machine without a BMC is always on.
  package func isPowered(_ id: HostID) -> Bool {
    boards.values.first { $0.machine == id }.map { $0.power == .on } ?? true
  }

  /// Heads on which a unit runs.
  package func running(_ unit: String) -> [HostID] {
    machines.keys.filter { id in
      !blank.contains(id) && isPowered(id) && machines[id]?.units[unit]?.active == "active"
    }.sorted()
  }
}
