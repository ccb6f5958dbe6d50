// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Switches a node on, or off and on, so that it boots into an image. Its step waits until the node reports ready.
package struct EnsureNode: GoalOperation {
  package static let name = "ensureNode"

  package let goal: NodeGoal
  package init(_ goal: NodeGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { Set(goal.bmc?.secrets ?? []) }
  package var machine: HostID? { goal.node }
  package func claims(on host: HostID) -> [Claim] { [.node(goal.node)] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .node(goal.node) }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: 24 s from power-on to ready on a virtual machine; firmware of a real server adds one to two minutes.
    // Its BMC takes seconds, and each order to it may take as long as one that is slow and answers after all.
    OperationTiming(
      expectedSeconds: 120, busySeconds: 3, varies: false, deadline: .seconds(240),
      lane: goal.bmc == nil ? nil : Power.lane)
  }

  package var target: String { goal.node.name }
  package func title(verb: String, machines: String) -> String { "\(verbInPlans) \(machines) into \(goal.image)" }
  package var counting: CountingWords { CountingWords(verbInPlans, "node", "nodes") }
  package var undoing: String { "an older spec boots the node into the old image, which takes as long again." }

  private var verbInPlans: String { goal.restart ? "restart" : "boot" }
}

package struct NodeGoal: Hashable, Codable, Sendable {
  package var node: HostID
  package var mac: MACAddress
  /// The address that it is to have. Nil: any.
  package var address: IPv4Address?
  package var bmc: BMC?
  /// How it comes up, and so what is waited for.
  package var boot: ComputeNode.Boot
  /// `name/digest`.
  package var image: String
  /// The tag of its kernel's own arguments. Nil: it has none.
  package var arguments: String?
  /// The checks of its own that have to have passed. Nil: it has none.
  package var readiness: NodeReadiness?
  /// Where it is to report to. A node that reports to another address is not ready. Nil: anywhere.
  package var server: IPv4Address?
  /// Power-cycle a node that is not ready. Off: it is powered on, and waited for.
  package var restart: Bool
  /// Power-cycle it also when it was ready lately, and so may be at work: somebody has agreed to that.
  package var interrupts: Bool
  /// How long one is waited for that says nothing.
  package var deadlineSeconds: Int

  package init(
    node: HostID, mac: MACAddress, address: IPv4Address? = nil, bmc: BMC?, boot: ComputeNode.Boot = .stateless,
    image: String,
    server: IPv4Address? = nil, restart: Bool,
    interrupts: Bool = false, deadlineSeconds: Int
  ) {
    self.node = node
    self.mac = mac
    self.address = address
    self.bmc = bmc
    self.boot = boot
    self.image = image
    self.server = server
    self.restart = restart
    self.interrupts = interrupts
    self.deadlineSeconds = deadlineSeconds
  }
}

extension NodeGoal {
  /// Why the node is not power-cycled, as things are now. Nil: nothing speaks against it.
  ///
  /// It may have become ready since the plan was made that took it for hung; and nobody has agreed to take away a node
  /// that is at work. A head that has lost the address that nodes report to does not hear what became of it.
  ///
  /// - Parameters:
  ///   - report: what this head has heard of it last. Nil: nothing.
  ///   - holds: whether this head has an address.
  package func refusal(after report: NodeReport?, holds: (IPv4Address) -> Bool) -> AgentError? {
    guard restart, !interrupts else { return nil }
    if let server, !holds(server) {
      return AgentError(
        .conflict, "\(node) reports to \(server), which this head does not have: it is not power-cycled",
        cause: "what this head heard of it last may be old",
        next: "Apply again: the plan goes by what the head with the address hears.")
    }
    guard let report, report.wasReadyLately, let age = report.lastReady else { return nil }
    return AgentError(
      .conflict, "\(node) was ready \(age) s ago, so it may be at work: it is not power-cycled",
      next: "Apply again: the plan shows its restart, and asks.")
  }
}
