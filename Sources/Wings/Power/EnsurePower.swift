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

/// Switches a machine on or off with its BMC, or what is in its place.
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

  package var secrets: Set<SecretRef> { Set(bmc.secrets) }
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

/// A machine's power, asked of its BMC.
package struct PowerProbe: Probe {
  package typealias Answer = PowerState

  package static let name = "power"

  package let bmc: BMC

  package init(_ bmc: BMC) { self.bmc = bmc }

  package var words: String { "power by \(bmc.words)" }
  package var secrets: ProbeSecrets { .needs(bmc.secrets) }

  package func recorded(_ state: PowerState, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ state: PowerState, _ nodes: NodeNames) -> [String] {
    ["the machine of the \(bmc.words) is \(state.rawValue)"]
  }
}

/// Switches a machine off and on again with its BMC, once for each token; one that is off is switched on.
///
/// The head notes the token, so that the same order given twice, by a retry or a later round of the run, is one cycle.
package struct EnsurePowerCycled: HostOperation {
  package static let name = "ensurePowerCycled"

  package let bmc: BMC
  package let of: PoweredMachine
  /// The name of the run that asked for it.
  package let token: String

  package init(bmc: BMC, of machine: PoweredMachine, token: String) {
    self.bmc = bmc
    of = machine
    self.token = token
  }

  package var secrets: Set<SecretRef> { Set(bmc.secrets) }
  package var machine: HostID? { of.name }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { of.impact }
  package var isRemoval: Bool { false }
  package var expectation: Expectation? { nil }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 8, varies: false, deadline: .seconds(180), lane: Power.lane)
  }

  package var target: String { of.name.name }
  package func title(verb: String, machines: String) -> String { "switch \(machines) off and on" }
  package var counting: CountingWords { CountingWords("cycle the power of", "machine", "machines") }
  package var undoing: String { "what ran there is gone." }
}

/// The token of the last power cycle that a head has completed at a BMC. Nil: it has never done one.
package struct PowerCycleProbe: Probe {
  package typealias Answer = String?

  package static let name = "powerCycle"

  /// The switch's own name: see `BMC.key`.
  package let key: String

  package init(_ bmc: BMC) { key = bmc.key }

  package var words: String { "last power cycle of \(key)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ token: String?, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ token: String?, _ nodes: NodeNames) -> [String] {
    [token.map { "run \($0) has cycled the machine of \(key)" } ?? "no run has cycled that of \(key)"]
  }
}
