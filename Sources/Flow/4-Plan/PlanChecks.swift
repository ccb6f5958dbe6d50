// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What must hold of any plan, wherever it came from. Run when a plan is made and again before it is executed.
package enum PlanChecks {
  package static func problems(_ plan: Plan, _ rules: PlanRules = PlanRules()) -> [PlanProblem] {
    var numbers: [StepID: Int] = Dictionary(minimumCapacity: plan.steps.count)
    var problems: [PlanProblem] = []
    var after: [[Int]] = []
    after.reserveCapacity(plan.steps.count)
    for (index, step) in plan.steps.enumerated() {
      // Each stands behind what it comes after, so there can be no circle.
      after.append(
        step.after.compactMap { other in
          if numbers[other] == nil { problems.append(.order(step.id, after: other)) }
          return numbers[other]
        })
      if numbers.updateValue(index, forKey: step.id) != nil { problems.append(.twiceTheSameStep(step.id)) }
    }
    return problems + Ownership.problems(plan.steps) + bothHeads(plan.steps, after)
      + nodesAway(plan.steps, rules) + foreign(plan.steps, rules)
  }

  /// Nodes that are taken away at once, as far as their places allow. Those that boot for the first time, or hang, do
  /// nothing that could be missed.
  private static func nodesAway(_ steps: [Step], _ rules: PlanRules) -> [PlanProblem] {
    guard let most = rules.mostNodesAway else { return [] }
    var free = 0
    var pools: [String: Int] = [:]
    for step in steps where step.takesNodeAway {
      if let place = step.place, !place.isAway { pools[place.pool] = place.of } else { free += 1 }
    }
    let atOnce = pools.values.reduce(free, +)
    return atOnce > most ? [.tooManyNodesAway(atOnce, allowed: most)] : []
  }

  /// Steps that take away what is not ours, or is somebody else's by now.
  private static func foreign(_ steps: [Step], _ rules: PlanRules) -> [PlanProblem] {
    guard let prunable = rules.prunable else { return [] }
    let pruning = steps.filter(\.prunes)
    if pruning.isEmpty { return [] }
    let owned = rules.owned?.index()
    return pruning.compactMap { step in
      if !prunable.contains(step.resource) { return .prunesUnmanaged(step.id) }
      let claim = step.operation.claims(on: step.host).first { owned?.holds($0) == true }
      return claim.map { .prunesOwned(step.id, $0) }
    }
  }

  /// Pairs of steps on different heads that disrupt the same thing and are not ordered.
  private static func bothHeads(_ steps: [Step], _ after: [[Int]]) -> [PlanProblem] {
    let disruptive = steps.indices.compactMap { index in steps[index].disrupts.map { (index: index, what: $0) } }
    var problems: [PlanProblem] = []
    for (position, late) in disruptive.enumerated() {
      let rivals = disruptive[..<position].filter { early in
        steps[early.index].disruptedHost != steps[late.index].disruptedHost
          && (early.what == late.what || early.what == .host || late.what == .host)
      }
      if rivals.isEmpty { continue }
      let earlier = ancestors(of: late.index, after)
      for early in rivals where !earlier.contains(early.index) {
        problems.append(.bothHeads(steps[early.index].id, steps[late.index].id))
      }
    }
    return problems
  }

  private static func ancestors(of step: Int, _ after: [[Int]]) -> Set<Int> {
    var found: Set<Int> = []
    var open = after[step]
    while let next = open.popLast() {
      if found.insert(next).inserted { open += after[next] }
    }
    return found
  }
}
