// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Has nodes that run fetch their identity again, many at once, where it is another one than they say that they have.
/// A node that fails stops no other.
package struct EnsureNodesRefreshed: GoalOperation {
  package static let name = "ensureNodesRefreshed"

  package let goal: NodeRefreshGoal
  package init(_ goal: NodeRefreshGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    OperationTiming(
      expectedSeconds: 1 + Double(goal.nodes.count) / 50, varies: true,
      deadline: .seconds(60 + (goal.nodes.count / NodePlace.atOnce + 1) * (Self.patience + 20)), lane: nil)
  }
  package var expectation: Expectation? { nil }

  /// Seconds that one node may take: a service that it restarts may be slow.
  package static let patience = 90

  package var target: String { HostlistText.fold(goal.nodes.map(\.place.name)) }
  package func title(verb: String, machines: String) -> String {
    "refresh \(goal.nodes.count == 1 ? "1 node" : "\(goal.nodes.count) nodes"): \(target)"
  }
  package var counting: CountingWords { CountingWords("refresh", "row of nodes", "rows of nodes") }
  package var undoing: String { "an older spec refreshes them with what they had." }
}

package struct NodeRefreshGoal: Hashable, Codable, Sendable {
  package struct Node: Hashable, Codable, Sendable {
    package var place: NodePlace
    package var mac: MACAddress

    package init(place: NodePlace, mac: MACAddress) {
      self.place = place
      self.mac = mac
    }
  }

  package var nodes: [Node]

  package init(nodes: [Node]) { self.nodes = nodes }
}
