// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Adds a service address by hand, before Pacemaker runs for the first time.
package struct EnsureAddress: HostOperation {
  package static let name = "ensureAddress"

  package let interface: String
  package let address: IPv4Address
  package let prefix: Int

  package init(interface: String, address: IPv4Address, prefix: Int) {
    self.interface = interface
    self.address = address
    self.prefix = prefix
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout {
    .immediate(Lockout.Touched(address: .init(interface: interface, address: address, prefix: prefix)))
  }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 0.1, varies: false, deadline: .seconds(60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { "\(address)/\(prefix) on \(interface)" }
  package func title(verb: String, machines: String) -> String { "add \(address)/\(prefix) to \(interface)" }
  package var counting: CountingWords { CountingWords("add", "service address", "service addresses") }
  package var undoing: String { "an older spec puts the old setting back, with the same interruption again." }
}
