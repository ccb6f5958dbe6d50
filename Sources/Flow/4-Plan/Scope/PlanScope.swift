// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The part of a plan that is wanted. Without targets: all but what is excluded.
package struct PlanScope: Sendable {
  package var targets: [Selector]
  package var excluded: [Selector]

  package init(targets: [Selector] = [], excluded: [Selector] = []) {
    self.targets = targets
    self.excluded = excluded
  }

  package var isWhole: Bool { targets.isEmpty && excluded.isEmpty }

  /// As it was asked for: `--target node[01-10] --exclude node05`.
  package var text: String {
    (targets.map { "--target \($0.text)" } + excluded.map { "--exclude \($0.text)" }).joined(separator: " ")
  }

  func isTarget(_ step: Step) -> Bool { targets.isEmpty || targets.contains { $0.matches(step) } }
  func isTarget(_ resource: ResourceID) -> Bool { targets.isEmpty || targets.contains { $0.matches(resource) } }
  func isExcluded(_ step: Step) -> Bool { excluded.contains { $0.matches(step) } }
  func isExcluded(_ resource: ResourceID) -> Bool { excluded.contains { $0.matches(resource) } }

  /// Whether all is within it that a head had: only then it leaves.
  func holds(_ head: LeavingHead) -> Bool {
    head.resources.allSatisfy { resource in
      (targets.isEmpty || targets.contains { $0.matches(resource, of: head.host) })
        && !excluded.contains { $0.matches(resource, of: head.host) }
    }
  }
}

extension Plan {
  /// A plan, and what was left out of it.
  package struct Cut: Sendable {
    package var plan: Plan
    /// Resources with steps or problems that are not in it, each once.
    package var leftOut: [ResourceID]
    package var stepsLeftOut: Int
  }

  /// The targets with all that they depend on, without what is excluded and what depends on that.
  package func cut(to scope: PlanScope) -> Cut {
    scope.isWhole ? Cut(plan: self, leftOut: [], stepsLeftOut: 0) : PlanCutting(self, scope).cut
  }
}

/// Steps are numbers in here.
private struct PlanCutting {
  private let plan: Plan
  private let scope: PlanScope
  private var after: [[Int]] = []
  private var isKept: [Bool]
  /// The resources of heads that leave, and whether their removal is in scope. A step that forgets one comes after all
  /// else that is done here, whatever that is.
  private var releases: [ResourceID: Bool]
  /// The resource, by step, whose exclusion takes it along.
  private var excludedBy: [ResourceID?]

  init(_ plan: Plan, _ scope: PlanScope) {
    self.plan = plan
    self.scope = scope
    isKept = Array(repeating: false, count: plan.steps.count)
    excludedBy = Array(repeating: nil, count: plan.steps.count)
    releases = Dictionary(
      plan.leaving.flatMap { head in head.resources.map { ($0, scope.holds(head)) } }
    ) { first, _ in first }
    var numbers: [StepID: Int] = Dictionary(minimumCapacity: plan.steps.count)
    for (index, step) in plan.steps.enumerated() {
      numbers[step.id] = index
      after.append(step.after.compactMap { numbers[$0] })
    }
    exclude()
    keep()
  }

  /// Each step stands behind what it depends on.
  private mutating func exclude() {
    if scope.excluded.isEmpty { return }
    for (index, step) in plan.steps.enumerated() where releases[step.resource] == nil {
      if scope.isExcluded(step) {
        excludedBy[index] = step.resource
      } else {
        excludedBy[index] = needs(index).first { excludedBy[$0] != nil }.flatMap { excludedBy[$0] }
      }
    }
  }

  private mutating func keep() {
    for index in plan.steps.indices.reversed() where excludedBy[index] == nil {
      let step = plan.steps[index]
      if !isKept[index], !(releases[step.resource] ?? scope.isTarget(step)) { continue }
      isKept[index] = true
      if releases[step.resource] != nil { continue }
      for earlier in needs(index) { isKept[earlier] = true }
    }
  }

  /// The steps that it cannot be done without; not those that it only follows.
  private func needs(_ index: Int) -> [Int] {
    let onlyAfter = plan.steps[index].onlyAfter
    if onlyAfter.isEmpty { return after[index] }
    let only = Set(onlyAfter)
    return after[index].filter { !only.contains(plan.steps[$0].id) }
  }

  var cut: Plan.Cut {
    var result = Plan()
    var leftOut: [ResourceID] = []
    var seen: Set<ResourceID> = []
    var blocked: Set<ResourceID> = []
    // What a kept step comes after when the steps between are gone.
    var through: [[Int]] = []
    let away = awayLeftOut
    through.reserveCapacity(plan.steps.count)
    for (index, step) in plan.steps.enumerated() {
      let earlier = after[index].allSatisfy { isKept[$0] } ? after[index] : reached(after[index], through)
      through.append(isKept[index] ? [index] : earlier)
      if isKept[index] {
        var step = step
        let needs = releases[step.resource] == nil ? Set(needs(index)) : Set(earlier)
        step.after = earlier.map { plan.steps[$0].id }
        step.onlyAfter = earlier.filter { !needs.contains($0) }.map { plan.steps[$0].id }
        if let place = step.place, let others = away[place.pool] { step.place?.of = max(1, place.of - others) }
        result.steps.append(step)
        continue
      }
      if let cause = excludedBy[index], !scope.isExcluded(step), scope.isTarget(step) {
        if blocked.insert(step.resource).inserted { result.blocked.append(Self.blocked(step, by: cause)) }
      } else if seen.insert(step.resource).inserted {
        leftOut.append(step.resource)
      }
    }
    for entry in plan.blocked {
      if scope.isTarget(entry.resource), !scope.isExcluded(entry.resource) {
        result.blocked.append(entry)
      } else if seen.insert(entry.resource).inserted {
        leftOut.append(entry.resource)
      }
    }
    for head in plan.leaving {
      if scope.holds(head) {
        result.leaving.append(head)
      } else {
        leftOut += head.resources.filter { seen.insert($0).inserted }
      }
    }
    return Plan.Cut(plan: result, leftOut: leftOut, stepsLeftOut: plan.steps.count - result.steps.count)
  }

  /// Machines that are away and left out, by pool. They stay away, so fewer of the others may be; one may, or else
  /// nothing could be asked for while many are away.
  private var awayLeftOut: [String: Int] {
    var away: [String: Int] = [:]
    for (index, step) in plan.steps.enumerated() where !isKept[index] {
      if let place = step.place, place.isAway { away[place.pool, default: 0] += 1 }
    }
    return away
  }

  private func reached(_ earlier: [Int], _ through: [[Int]]) -> [Int] {
    var seen: Set<Int> = []
    return earlier.flatMap { through[$0] }.filter { seen.insert($0).inserted }
  }

  private static func blocked(_ step: Step, by cause: ResourceID) -> Blocked {
    Blocked(
      resource: step.resource, reason: .leftOut(cause), next: "Plan again without excluding \(cause).",
      source: step.source)
  }
}
