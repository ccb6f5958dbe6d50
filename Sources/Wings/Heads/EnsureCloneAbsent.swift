// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Forgets that this head has installed another one: removes the note that says so, and the capture.
/// Nothing is done to the other one.
package struct EnsureCloneAbsent: HostOperation {
  package static let name = "ensureCloneAbsent"

  package let head: HostID

  package init(head: HostID) {
    self.head = head
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { head }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { true }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 1, varies: false, deadline: .seconds(120), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { head.name }
  package func title(verb: String, machines: String) -> String { "forget that \(machines) was installed" }
  package var counting: CountingWords { CountingWords("forget the installation of", "head", "heads") }
  package var undoing: String { "describe the head again: one that answers is taken over, another is installed." }
}
