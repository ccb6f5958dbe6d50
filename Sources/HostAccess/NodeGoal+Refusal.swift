// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension NodeGoal {
  /// Why the node is not power-cycled, as things are now. Nil: nothing speaks against it.
  ///
  /// It may have become ready since the plan was made that took it for hung; and nobody has agreed to take away a node
  /// that is at work.
  package func refusal(after report: NodeReport) -> AgentError? {
    guard restart, !interrupts, report.wasReadyLately, let age = report.lastReady else { return nil }
    return AgentError(
      .conflict, "\(node) was ready \(age) s ago, so it may be at work: it is not power-cycled",
      next: "Apply again: the plan shows its restart, and asks.")
  }
}
