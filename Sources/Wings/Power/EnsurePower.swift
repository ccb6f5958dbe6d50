// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Switches a machine on or off with its BMC.
package struct EnsurePower: HostOperation {
  package static let name = "ensurePower"

  package let bmc: BMC
  package let state: PowerState

  package init(bmc: BMC, state: PowerState) {
    self.bmc = bmc
    self.state = state
  }

  package var secrets: Set<SecretRef> { [bmc.password] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .machine(nil) }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: ipmitool(1) `power on` 2.3 s, `power off` 3.7 s.
    OperationTiming(expectedSeconds: 4, varies: false, deadline: .seconds(120), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { "\(bmc.address) \(state.rawValue)" }
  package func title(verb: String, machines: String) -> String {
    "switch \(state.rawValue) the machine of BMC \(bmc.address)"
  }
  package var counting: CountingWords { CountingWords("switch", "machine", "machines") }
  package var undoing: String { "switch the machine with its BMC." }
}
