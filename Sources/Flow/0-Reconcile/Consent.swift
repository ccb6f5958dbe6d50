// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What was agreed to: the steps of a plan that was shown, within the terms of its run.
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
  private var acts: [Act: Extent] = [:]

  package init(_ plan: Plan, within terms: RunTerms = RunTerms()) {
    self.terms = terms
    leaving = Set(plan.leaving)
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

  private func allows(_ step: Step) -> Bool {
    if !step.needsConsent { return true }
    guard let shown = acts[Act(step)] else { return false }
    return shown.disruption >= step.disruption && (shown.destructive || !step.destructive)
  }
}

extension Step {
  /// Worth showing to a person again before it happens.
  package var needsConsent: Bool { destructive || disruption >= .reboot }
}
