// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The consent of an administrator: the steps of a plan that was shown, within the terms of its run.
///
/// It names verbs and machines. To have shown that node001 restarts allows nothing on node002, and a restart of a head
/// is no failover.
package struct Consent: Sendable {
  /// Something that a step does to a machine.
  private struct Act: Hashable {
    var resource: ResourceID
    var verb: String
    /// The machine that it is done to. Which head has it done does not count: that changes with a failover.
    var machine: HostID

    init(_ step: Step) {
      (resource, verb) = (step.resource, step.operation.name)
      machine = step.operation.machine ?? step.host
    }
  }

  private struct Extent {
    var destructive = false
    var disruption = Step.Disruption.none

    mutating func include(_ step: Step) {
      destructive = destructive || step.destructive
      disruption = max(disruption, step.disruption)
    }
  }

  private let terms: RunTerms
  private let leaving: Set<LeavingHead>
  private let shown: [StepID: Step]
  private var acts: [Act: Extent] = [:]

  package init(_ plan: Plan, within terms: RunTerms = RunTerms()) {
    self.terms = terms
    leaving = Set(plan.leaving)
    shown = Dictionary(plan.steps.map { ($0.id, $0) }) { first, _ in first }
    for step in plan.steps where step.needsConsent {
      acts[Act(step), default: Extent()].include(step)
    }
  }

  /// Whether a plan destroys, reboots, fails over and forgets nothing that was not shown, and is within the terms.
  ///
  /// Later rounds of a run may do what this covers: steps that need no consent may come to light only then, such as
  /// those of a host that was away.
  package func covers(_ plan: Plan) -> Bool {
    terms.refused(plan).isEmpty && leaving.isSuperset(of: plan.leaving) && plan.steps.allSatisfy(allows)
  }

  /// The steps of a plan made before the first step that were not shown, a line each. Empty: the same, or less.
  ///
  /// Also steps that need no consent must have been shown, as they are: another one may undo what somebody did
  /// meanwhile. What is done to another machine and interrupts nothing may come in: among a thousand nodes one falls
  /// silent in any minute, and to switch it on and wait for it takes nothing away.
  func news(in plan: Plan) -> [String] {
    var news = plan.leaving.filter { !leaving.contains($0) }.map { "\($0.host) leaves, or has other things to forget" }
    for step in plan.steps where !mayComeIn(step) {
      guard let old = shown[step.id] else {
        news.append("a step came in: \(step.id)")
        continue
      }
      if !step.isAsShown(by: old) { news.append("a step is different now: \(step.id)") }
    }
    return news.count <= 10 ? news : Array(news.prefix(9)) + ["and \(news.count - 9) more steps"]
  }

  private func mayComeIn(_ step: Step) -> Bool {
    if step.operation.machine == nil || step.prunes { return false }
    return step.needsConsent ? allows(step) : step.disruption == .none
  }

  private func allows(_ step: Step) -> Bool {
    if !step.needsConsent { return true }
    guard let shown = acts[Act(step)] else { return false }
    return shown.disruption >= step.disruption && (shown.destructive || !step.destructive)
  }
}

extension Step {
  /// The same effect on the same thing, and no more of an interruption. Why, and what it waits for, may have changed.
  fileprivate func isAsShown(by old: Step) -> Bool {
    operation == old.operation && host == old.host && changes == old.changes && prunes == old.prunes
      && disruption <= old.disruption && (old.destructive || !destructive)
  }

  /// Worth showing to a person again before it happens.
  package var needsConsent: Bool { destructive || disruption >= .reboot }
}
