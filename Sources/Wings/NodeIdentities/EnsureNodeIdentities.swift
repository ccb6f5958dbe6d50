// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Writes the identity of every node where nginx serves it, the public keys where ssh on this head looks for them, and
/// the key with which heads log in to nodes.
package struct EnsureNodeIdentities: GoalOperation {
  package static let name = "ensureNodeIdentities"

  package let goal: NodeIdentitiesGoal
  package init(_ goal: NodeIdentitiesGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { Set(goal.secrets) }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] {
    NodeIdentities.claims(on: host)
  }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured for a thousand nodes: their keys 0.1 s, writing and syncing a file for each 3.4 s on a busy disk.
    OperationTiming(expectedSeconds: 1, varies: true, deadline: .seconds(600), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { WellKnown.nodeIdentities }
  package func title(verb: String, machines: String) -> String {
    "write the \(goal.nodes.count == 1 ? "identity of 1 node" : "identities of \(goal.nodes.count) nodes")"
  }
  package var counting: CountingWords { CountingWords("write", "list of identities", "lists of identities") }
  package var undoing: String { "host keys follow from names, so they come back; secrets as the store has them then." }
}

/// Removes all identities, and the list of the nodes' public keys.
package struct EnsureNodeIdentitiesAbsent: HostOperation {
  package static let name = "ensureNodeIdentitiesAbsent"

  package init() {}

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] {
    NodeIdentities.claims(on: host)
  }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { true }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 0.5, varies: false, deadline: .seconds(120), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { WellKnown.nodeIdentities }
  package func title(verb: String, machines: String) -> String { "remove the identities of nodes" }
  package var counting: CountingWords { CountingWords("remove", "list of identities", "lists of identities") }
  package var undoing: String { "an older spec, in which there are nodes, writes them again." }
}
