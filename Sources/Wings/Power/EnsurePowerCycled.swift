// SPDX-License-Identifier: Apache-2.0
import ClusterModel

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

  package var secrets: Set<SecretRef> { [bmc.password] }
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
