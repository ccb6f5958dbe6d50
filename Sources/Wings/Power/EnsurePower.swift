// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A machine whose power is switched.
package enum PoweredMachine: Hashable, Codable, Sendable {
  case head(HostID)
  /// A node, with the card that it boots from: the boot log knows it by that.
  case node(HostID, mac: MACAddress?)

  package var name: HostID {
    switch self {
    case .head(let name), .node(let name, _): name
    }
  }

  package var mac: MACAddress? { if case .node(_, let mac) = self { mac } else { nil } }

  var impact: Impact {
    switch self {
    case .head(let name): .machine(name)
    case .node(let name, _): .node(name)
    }
  }
}

/// Switches a machine on or off with its BMC.
package struct EnsurePower: HostOperation {
  package static let name = "ensurePower"

  package let bmc: BMC
  package let state: PowerState
  package let of: PoweredMachine

  package init(bmc: BMC, state: PowerState, of machine: PoweredMachine) {
    self.bmc = bmc
    self.state = state
    of = machine
  }

  package var secrets: Set<SecretRef> { [bmc.password] }
  package var machine: HostID? { of.name }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { of.impact }
  package var isRemoval: Bool { state == .off }

  package var timing: OperationTiming {
    // Measured: ipmitool(1) `power on` 2.3 s, `power off` 3.7 s.
    OperationTiming(expectedSeconds: 4, varies: false, deadline: .seconds(120), lane: Power.lane)
  }
  package var expectation: Expectation? { nil }

  package var target: String { "\(of.name) \(state.rawValue)" }
  package func title(verb: String, machines: String) -> String { "switch \(state.rawValue) \(machines)" }
  package var counting: CountingWords { CountingWords("switch", "machine", "machines") }
  package var undoing: String {
    state == .off ? "`cluster power on` switches it on again; what ran there is gone." : "`cluster power off`."
  }
}
