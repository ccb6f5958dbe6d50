// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Turns what is wanted and what was seen into steps. Pure.
package enum Planner {
  /// What must be asked of which host before `plan` can be called. Each probe once, in a steady order.
  package static func questions(
    desired: [Resource], previously: [ManagedResource], catalog: [String: AnyKind], heads: Heads
  ) -> [HostID: [Probe]] {
    var seen: Set<Question> = []
    var questions: [HostID: [Probe]] = [:]
    func ask(_ question: Question) {
      if seen.insert(question).inserted { questions[question.host, default: []].append(question.probe) }
    }
    for head in heads.all { ask(Question(head, .links)) }
    for resource in desired {
      for question in catalog[resource.id.kind]?.questions(resource.id, resource.desired) ?? [] { ask(question) }
    }
    let wanted = Set(desired.map(\.id))
    for managed in previously where !wanted.contains(managed.id) {
      for question in catalog[managed.id.kind]?.questions(managed.id, managed.desired) ?? [] { ask(question) }
    }
    return questions
  }

  /// The steps from what is to what should be, and what cannot be planned now.
  ///
  /// `now` is in seconds since 1970; `mostNodesAway` is the rule of `PlanRules`. Throws only for what no inventory
  /// could mend: cycles, two owners of one thing.
  package static func plan(
    desired: [Resource], previously: [ManagedResource], inventory: Inventory, catalog: [String: AnyKind], heads: Heads,
    mostNodesAway: Int? = nil, now: Int
  ) throws(PlanProblems) -> Plan {
    let order = try ResourceOrder(desired, catalog: catalog)
    let strangers = previously.filter { catalog[$0.id.kind] == nil }.map { PlanProblem.unknownKind(.init($0.id, nil)) }
    let owned = Ownership.of(desired, catalog: catalog, heads: heads, now: now)
    let unfit = strangers + owned.problems { desired[$0].owner }
    if !unfit.isEmpty { throw PlanProblems(unfit) }
    var builder = PlanBuilder(
      desired: desired, previously: previously, inventory: inventory, catalog: catalog,
      activeHead: heads.active(in: inventory), owned: owned, now: now)
    builder.findBlankHosts(order.indices)
    for index in order.indices { builder.add(index, after: order.dependencies[index]) }
    builder.prune()
    builder.keepOneHeadUndisrupted()
    let plan = builder.finished()
    let rules = PlanRules(
      prunable: Set(previously.map(\.id)).subtracting(desired.map(\.id)), owned: owned, mostNodesAway: mostNodesAway)
    let problems = PlanChecks.problems(plan, rules)
    if !problems.isEmpty { throw PlanProblems(problems) }
    return plan
  }

  /// What the record of a run must list as managed, so that a later run can take it away again.
  ///
  /// That is: what is in place, what this run has touched, and what an earlier run put in place and is not gone yet.
  /// - Parameter verified: the plan made from observing again after the run.
  /// - Parameter touched: resources of which this run started a step.
  package static func managed(
    desired: [Resource], previously: [ManagedResource], verified: Plan, touched: Set<ResourceID>
  ) -> [ManagedResource] {
    let open = Set(verified.steps.map(\.resource) + verified.blocked.map(\.resource))
    let before = Set(previously.map(\.id))
    let wanted = Set(desired.map(\.id))
    let kept = desired.filter { !open.contains($0.id) || touched.contains($0.id) || before.contains($0.id) }
    return kept.map { ManagedResource(id: $0.id, desired: $0.desired) }
      + previously.filter { !wanted.contains($0.id) && open.contains($0.id) }
  }
}
