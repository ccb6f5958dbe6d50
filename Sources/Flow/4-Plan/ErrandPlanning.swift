// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension Planner {
  /// The plan of an errand. A draft comes after the one before it, unless it is independent.
  package static func plan(_ errand: ErrandPlan, of words: String) throws(PlanProblems) -> Plan {
    var steps: [Step] = []
    // What the next draft that depends on the one before it comes after.
    var (group, before): ([StepID], [StepID]) = ([], [])
    for (resource, draft) in errand.steps {
      if !draft.independent, !group.isEmpty { (before, group) = (group, []) }
      let id = StepID("\(resource)/\(draft.verb)")
      steps.append(
        Step(
          id: id, resource: resource, host: draft.host, operation: draft.operation,
          after: before,
          disruption: draft.disruption, because: "\(words): \(draft.because)", source: nil, changes: draft.changes,
          destructive: draft.destructive, place: draft.place))
      group.append(id)
    }
    let blocked = errand.blocked.map {
      Blocked(resource: $0.resource, reason: .unreadable($0.reason), next: $0.reason.next, source: nil)
    }
    let plan = Plan(steps: steps, blocked: blocked)
    let problems = PlanChecks.problems(plan)
    if !problems.isEmpty { throw PlanProblems(problems) }
    return plan
  }
}
