// SPDX-License-Identifier: Apache-2.0
import ClusterModel

// Planning: what is to be done, as a pure function of what is wanted, what was seen and what was managed before.
//
// Start at `Planner`. It knows no feature and no kind: the catalog is an argument. There is no clock, no file and no
// `async` here; the same arguments give the same plan, to the byte. Not for executing: that knows only the plan.

/// Turns what is wanted and what was seen into steps. Pure.
package enum Planner {
  /// The probes for each host that are needed before `plan` can be called. Each probe once, in a steady order.
  package static func questions(
    desired: [Resource], previously: [ManagedResource], catalog: [String: AnyKind], heads: HeadOrder
  ) -> [HostID: [AnyProbe]] {
    DesiredResources(desired, catalog: catalog, heads: heads).questions(previously: previously)
  }

  /// The steps from what is to what should be, and what cannot be planned now.
  ///
  /// `now` is in seconds since 1970; `mostNodesAway` is the rule of `PlanRules`. Throws only for what no inventory
  /// could mend: cycles, two owners of one thing.
  package static func plan(
    desired: [Resource], previously: [ManagedResource], inventory: Inventory, catalog: [String: AnyKind],
    heads: HeadOrder,
    mostNodesAway: Int? = nil, now: Int
  ) throws(PlanProblems) -> Plan {
    try plan(
      DesiredResources(desired, catalog: catalog, heads: heads), previously: previously, inventory: inventory,
      mostNodesAway: mostNodesAway, now: now)
  }

  /// The same, for what is planned more than once.
  package static func plan(
    _ desired: DesiredResources, previously: [ManagedResource], inventory: Inventory, mostNodesAway: Int? = nil,
    now: Int
  ) throws(PlanProblems) -> Plan {
    let order = try desired.order.get()
    let unknown = previously.filter { desired.catalog[$0.id.kind] == nil }
      .map { PlanProblem.unknownKind(.init($0.id, nil)) }
    let unfit = unknown + desired.clashes
    if !unfit.isEmpty { throw PlanProblems(unfit) }
    var builder = PlanBuilder(
      desired, previously: previously, inventory: inventory, activeHead: desired.heads.active(in: inventory), now: now)
    builder.findBlankHosts(order.indices)
    let undescribed = desired.undescribed(previously)
    builder.releaseFirst(without: undescribed)
    for index in order.indices {
      builder.add(index, after: order.dependencies[index], mayComeAfter: order.mayComeAfter[index])
    }
    builder.ignore(undescribed)
    let present = builder.release(desired.leaving(previously), heads: desired.heads)
    if !present.isEmpty { throw PlanProblems(present) }
    builder.prune(without: undescribed)
    builder.forget()
    builder.keepOneHeadUndisrupted()
    let plan = builder.finished()
    let problems = PlanChecks.problems(
      plan, PlanRules(desired, previously: previously, mostNodesAway: mostNodesAway))
    if !problems.isEmpty { throw PlanProblems(problems) }
    return plan
  }

  /// The resources that the record of a run must list as managed, so that a later run can remove them.
  ///
  /// That is: what is in place, what this run has touched, and what an earlier run put in place and is not gone yet. A
  /// host that is still to be made may come with what its original has dropped since: see `inherited`. What is removed
  /// first stays ours until all that was dropped is gone: it is let go anew if somebody takes it back meanwhile.
  /// - Parameter verified: the plan made from observing again after the run.
  /// - Parameter touched: resources of which this run started a step.
  package static func managed(
    desired: [Resource], previously: [ManagedResource], verified: Plan, touched: Set<ResourceID>,
    catalog: [String: AnyKind]
  ) -> [ManagedResource] {
    let open = Set(
      verified.steps.map(\.resource) + verified.blocked.map(\.resource) + verified.leaving.flatMap(\.resources))
    let before = Set(previously.map(\.id))
    let wanted = Set(desired.map(\.id))
    let coming = Set(desired.lazy.filter { open.contains($0.id) }.compactMap(\.establishes))
    let kept = desired.filter { !open.contains($0.id) || touched.contains($0.id) || before.contains($0.id) }
    let dropped = previously.filter { !wanted.contains($0.id) }
    let isDone = !dropped.contains { open.contains($0.id) }
    return kept.map { ManagedResource(id: $0.id, desired: $0.desired) }
      + dropped.filter { managed in
        open.contains(managed.id) || managed.id.host.map(coming.contains) == true
          || (!isDone && catalog[managed.id.kind]?.isRemovedFirst == true)
      }
  }

  /// The resources that a clone may have of its original, and nothing asks for any more: they came along with the disk,
  /// which was captured before it was taken away there. It is looked for on the clone too, and taken away if it is
  /// ours.
  ///
  /// - Parameter originals: by clone.
  package static func inherited(
    desired: [Resource], previously: [ManagedResource], originals: [HostID: HostID], catalog: [String: AnyKind]
  ) -> [ManagedResource] {
    if originals.isEmpty { return [] }
    let wanted = Set(desired.map(\.id))
    let dropped = previously.filter { !wanted.contains($0.id) }
    if dropped.isEmpty { return [] }
    let known = Set(previously.map(\.id))
    let made = Set(desired.lazy.compactMap(\.establishes))
    return originals.filter { made.contains($0.key) }.sorted { $0.key < $1.key }.flatMap { clone, original in
      dropped.compactMap { managed -> ManagedResource? in
        guard managed.id.host == original, catalog[managed.id.kind]?.travelsWithDisk == true else { return nil }
        let id = ResourceID(managed.id.kind, on: clone, managed.id.name)
        return wanted.contains(id) || known.contains(id) ? nil : ManagedResource(id: id, desired: managed.desired)
      }
    }
  }
}

extension Planner {
  /// The plan of an errand. A draft comes after the one before it, unless it is independent, and after the resources
  /// that it names.
  package static func plan(_ errand: ErrandPlan, of words: String) throws(PlanProblems) -> Plan {
    var steps: [Step] = []
    // What the next draft that depends on the one before it comes after.
    var (group, before): ([StepID], [StepID]) = ([], [])
    var made: [ResourceID: [StepID]] = [:]
    for (resource, draft) in errand.steps {
      if !draft.independent, !group.isEmpty { (before, group) = (group, []) }
      let id = StepID("\(resource)/\(draft.verb)")
      steps.append(
        Step(
          id: id, resource: resource, host: draft.host, operation: draft.operation,
          after: before + draft.after.flatMap { made[$0] ?? [] },
          disruption: draft.disruption, because: "\(words): \(draft.because)", source: nil, changes: draft.changes,
          destructive: draft.destructive, place: draft.place))
      group.append(id)
      made[resource, default: []].append(id)
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
