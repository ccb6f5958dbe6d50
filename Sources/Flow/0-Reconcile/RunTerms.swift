// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Planning

/// What a run may do at most: a part of the plan, up to a disruption. They hold for every round of it.
package struct RunTerms: Sendable {
  package var scope: PlanScope
  /// Nothing above this is done: if any step is, nothing is. Nil: no ceiling.
  package var ceiling: Step.Disruption?

  package init(scope: PlanScope = PlanScope(), ceiling: Step.Disruption? = nil) {
    self.scope = scope
    self.ceiling = ceiling
  }

  func refused(_ plan: Plan) -> [Step] {
    guard let ceiling else { return [] }
    return plan.steps.filter { $0.disruption > ceiling }
  }
}

extension Proposal {
  /// One line on what the terms leave out, or nothing.
  var leftOutNote: [String] {
    if terms.scope.isWhole { return [] }
    if leftOut.isEmpty { return ["\(terms.scope.text) leaves out nothing that is to be done."] }
    let shown = leftOut.prefix(3).map(\.description).joined(separator: ", ")
    let more = leftOut.count > 3 ? " and \(leftOut.count - 3) more" : ""
    return ["Left out by \(terms.scope.text), and not done: \(shown)\(more)."]
  }
}
