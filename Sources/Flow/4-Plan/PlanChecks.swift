// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The rules that any plan must keep, wherever it came from. Run when a plan is made and again before it is executed.
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

/// The rules that a plan is checked by before it is executed, beyond what it says itself. Nil: not checked.
package struct PlanRules: Sendable {
  /// The resources that may be removed: in the record, and not asked for any more.
  var prunable: Set<ResourceID>?
  /// The claims of the desired resources.
  var owned: Ownership?
  /// How many nodes may be taken away at once.
  var mostNodesAway: Int?

  /// Only what a plan says itself.
  package init() { self.init(prunable: nil) }

  init(prunable: Set<ResourceID>? = nil, owned: Ownership? = nil, mostNodesAway: Int? = nil) {
    self.prunable = prunable
    self.owned = owned
    self.mostNodesAway = mostNodesAway
  }

  /// - Parameter previously: what the record lists as ours.
  package init(_ desired: DesiredResources, previously: [ManagedResource], mostNodesAway: Int?) {
    self.init(
      prunable: Set(previously.lazy.map(\.id).filter { !desired.ids.contains($0) }), owned: desired.owned,
      mostNodesAway: mostNodesAway)
  }
}

extension Step {
  /// Whether a node that works is interrupted.
  var takesNodeAway: Bool {
    if case .node = operation.impact { disruption >= .reboot } else { false }
  }
}

extension Step {
  enum Disrupts: Hashable {
    case service(String)
    /// Everything that the head does.
    case host
  }

  /// The services of a *head* that users lose for a while. Nodes that reboot are not heads, although a head drives
  /// them.
  var disrupts: Disrupts? {
    if disruption < .restart { return nil }
    return switch operation.impact {
    case .node: nil
    case .unit(let name, _): disruption >= .reboot ? .host : .service(name)
    case .clusteredServices, .machine: .host
    case .nothing: disruption >= .reboot ? .host : nil
    }
  }

  /// The head that is disrupted: the one that is installed, not the one that installs it.
  var disruptedHost: HostID {
    if case .machine(let other?) = operation.impact { other } else { host }
  }
}
