// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// All that a reader of a plan is shown, in whatever format.
package struct PlanReview: Sendable {
  package var plan: Plan
  package var forecast: PlanForecast?
  /// How to get back, and what cannot be brought back. Nil where that is not the question: in a record.
  package var undo: UndoAdvice?
  /// Notes to be read before the rest, such as that no host was asked. A sentence each.
  package var notes: [String]
  /// The part of the plan that was asked for, as it was asked for. Nil: all of it.
  package var scope: String?
  /// Steps that disrupt more than this are refused by `apply`.
  package var ceiling: Step.Disruption?
  /// The errand that it is the plan of, as it was given. Nil: it is the description's.
  package var errand: String?
  /// It is of machines in memory.
  package var simulated = false

  package init(
    _ plan: Plan, forecast: PlanForecast? = nil, undo: UndoAdvice? = nil, notes: [String] = [], scope: String? = nil,
    ceiling: Step.Disruption? = nil
  ) {
    self.plan = plan
    self.forecast = forecast
    self.undo = undo
    self.notes = notes
    self.scope = scope
    self.ceiling = ceiling
  }

  /// The first and the last line of everything that is told of machines in memory.
  package static let simulatedLine = "SIMULATED: machines in memory; nothing real was asked or changed."

  /// The line for a plan with nothing in it.
  var cleanLine: String {
    if let errand { return "Nothing to do for `cluster \(errand)`: it is so already." }
    return scope.map { "No changes within \($0). What is left out was not counted." }
      ?? "No changes. Everything is as the spec describes it."
  }

  /// The steps that `apply` would refuse to do.
  package var aboveCeiling: [Step] {
    guard let ceiling else { return [] }
    return plan.steps.filter { $0.disruption > ceiling }
  }
}

/// How to get back to what was before a plan is applied.
package struct UndoAdvice: Hashable, Codable, Sendable {
  /// The newest recorded run, whose description can be gone back to. Nil: there is none yet.
  package var lastRun: String?

  package init(lastRun: String?) { self.lastRun = lastRun }

  /// One or two sentences, without the list of what does not come back.
  package var text: String {
    guard let lastRun else {
      return "there is no earlier run to go back to. Files that are replaced are kept below /var/lib/cluster/backups."
    }
    return "`cluster rollback \(lastRun)` goes back to what the run before this one described."
  }
}
