// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker

/// Moves the service addresses and all that runs beside them, or a group of `ha: spread:`, to one head, in good order,
/// and leaves nothing behind that would hold them there.
///
/// A constraint says for a moment where they belong. It is in the list of what is ours, so that one which is left by an
/// agent that was killed is found by the next plan, whichever that is; and it ends by itself after ten minutes.
package struct EnsureServicesOn: GoalOperation {
  package static let name = "ensureServicesOn"

  package let goal: SwitchoverGoal
  package init(_ goal: SwitchoverGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { goal.head }
  package func claims(on host: HostID) -> [Claim] { [.cib(SwitchoverGoal.constraint)] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .clusteredServices(maintenance: false) }
  package var isRemoval: Bool { false }
  package var expectation: Expectation? { nil }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 10, varies: false, deadline: .seconds(300), lane: "cib")
  }

  package var target: String { goal.head.name }
  package func title(verb: String, machines: String) -> String {
    goal.spread.map { "move \($0) to \(machines)" } ?? "move the services to \(machines)"
  }
  package var counting: CountingWords { CountingWords("move the services", "time", "times") }
  package var undoing: String { "another `cluster ha switchover` moves them back, with the same interruption." }
}

package struct SwitchoverGoal: Hashable, Codable, Sendable {
  /// A primitive, with what users call it.
  package struct Part: Hashable, Codable, Sendable {
    package var id: String
    package var names: [String]

    package init(id: String, names: [String]) {
      self.id = id
      self.names = names
    }
  }

  /// The id of the constraint that moves them.
  package static let constraint = "cluster-switchover"

  package var head: HostID
  /// The primitive that all others are kept beside.
  package var anchor: String
  /// All that moves.
  package var parts: [Part]
  /// The head that they would go back to by themselves, and are not to: not before it was away once. Nil: none.
  package var held: HostID?
  /// The group of `ha: spread:` that they are. Nil: those at the service addresses.
  package var spread: String?

  package init(head: HostID, anchor: String, parts: [Part], held: HostID? = nil, spread: String? = nil) {
    self.head = head
    self.anchor = anchor
    self.parts = parts
    self.held = held
    self.spread = spread
  }

  /// The parts that do not run on the head.
  package func away(in status: ClusterStatus) -> [Part] {
    parts.filter { part in
      guard let resource = status.resource(part.id) else { return true }
      return resource.role != "Started" || resource.failed || resource.nodes != [head.name]
    }
  }

  /// Why the head cannot take the services. Nil: it can.
  package func obstacle(in status: ClusterStatus) -> String? {
    guard let node = status.node(head.name) else { return "\(head) is not a member of the cluster" }
    if status.maintenance { return "maintenance mode is on: Pacemaker touches nothing" }
    if !status.quorate { return "the cluster has no quorum" }
    if node.unclean { return "\(head) failed, and is not fenced yet" }
    if !node.online { return "\(head) is offline" }
    if node.pending { return "\(head) is joining the cluster" }
    return node.standby || node.maintenance ? "\(head) is in standby or maintenance" : nil
  }
}
