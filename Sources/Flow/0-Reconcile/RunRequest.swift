// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Planning

/// The limits of a run: a part of the plan, up to a disruption. They hold for every round of it.
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

/// A run as it is asked for.
package struct RunRequest: Sendable {
  /// Its name, unique: see `RunName`.
  package var run: String
  package var terms: RunTerms
  /// A plan that was kept: exactly this is done, within the terms that it was made with, or nothing.
  package var saved: SavedPlan?
  /// A verb that acts: it makes the plan, and not the description. Then there are no terms.
  package var errand: (any Errand)?
  package var policy: ExecutionPolicy

  package init(
    run: String, terms: RunTerms = RunTerms(), saved: SavedPlan? = nil, errand: (any Errand)? = nil,
    policy: ExecutionPolicy = ExecutionPolicy()
  ) {
    self.run = run
    self.errand = errand
    self.terms = terms
    self.saved = saved
    self.policy = policy
  }
}

/// The result of a run.
package enum Convergence: Sendable {
  /// Everything is as described. Nothing was done or recorded. Copies of the record that were behind, as they are now.
  case nothingToDo(Proposal, copies: [HistoryCopy])
  /// There is work, and none of it can be done now.
  case blocked(Proposal)
  /// It was shown, and not agreed to.
  case declined(Proposal)
  case applied(Applied)
}

/// News of a run while it goes on.
package enum RunNews: Sendable {
  /// The record of another machine has been taken over.
  case caughtUp([HistoryCopy])
  case event(RunEvent)
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
