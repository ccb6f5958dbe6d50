// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Why no plan can be made, or why a plan must not be executed.
package enum PlanProblem: Hashable, Sendable {
  /// A resource and the place in the spec that asked for it, where one did.
  package struct Owner: Hashable, Sendable {
    package var resource: ResourceID
    package var source: SourceSpan?

    package init(_ resource: ResourceID, _ source: SourceSpan?) {
      self.resource = resource
      self.source = source
    }
  }

  /// Each comes after the next one, and the last after the first.
  case cycle([Owner])
  case twiceDesired(Owner, Owner)
  case unknownDependency(Owner, on: ResourceID)
  case unknownKind(Owner)
  /// Two resources would take turns in undoing each other's work.
  case twoOwners(Claim, Owner, Owner)
  case twiceTheSameStep(StepID)
  /// A step names one to come after that is missing, or stands behind it.
  case order(StepID, after: StepID)
  /// Nothing keeps two heads from being disrupted at the same time.
  case bothHeads(StepID, StepID)
  /// More nodes would be taken away at once than the policy allows.
  case tooManyNodesAway(Int, allowed: Int)
  /// It would take away what no earlier run put in place, or what the spec still asks for.
  case prunesUnmanaged(StepID)
  /// It would take away what another resource decides about now.
  case prunesOwned(StepID, Claim)
  /// The description drops a head that is up, and in the cluster of one that stays.
  case leavesWhileUp(HostID, seenBy: HostID)
}

extension PlanProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .cycle(let owners):
      "These wait for each other in a circle: " + owners.map(\.description).joined(separator: ", then ") + "."
    case .twiceDesired(let first, let second):
      "\(first.resource) is asked for twice: at \(first.place) and at \(second.place)."
    case .unknownDependency(let owner, let missing): "\(owner) comes after \(missing), which nothing asks for."
    case .unknownKind(let owner): "\(owner) is of a kind that is not in the catalog."
    case .twoOwners(let claim, let first, let second):
      "Two resources decide about \(claim): \(first) and \(second). Take one of them out of the spec."
    case .twiceTheSameStep(let step): "Two steps are called \(step)."
    case .order(let step, let other): "\(step) comes after \(other), which is missing or does not stand before it."
    case .bothHeads(let first, let second):
      "\(first) and \(second) could disrupt both heads at the same time: nothing orders them."
    case .tooManyNodesAway(let nodes, let allowed):
      "\(nodes) nodes could be taken away at the same time; \(allowed) are allowed."
    case .prunesUnmanaged(let step):
      "\(step) would take away what the record does not list as ours, or what the spec asks for."
    case .prunesOwned(let step, let claim):
      "\(step) would take away what another resource decides about: \(claim)."
    case .leavesWhileUp(let head, let witness):
      "The spec drops \(head), and \(witness) sees it in its cluster: it would be cut off, and could fence \(witness) "
        + "and serve beside it. Switch \(head) off, or stop Pacemaker and Corosync on it, then plan again."
    }
  }
}

extension PlanProblem.Owner: CustomStringConvertible {
  fileprivate var place: String { source.map(\.description) ?? "an earlier run" }
  package var description: String { "\(resource) (\(place))" }
}

/// All problems that were found, never only the first.
package struct PlanProblems: Error, Hashable, Sendable, CustomStringConvertible {
  package let all: [PlanProblem]
  package init(_ all: [PlanProblem]) { self.all = all }
  package var description: String { all.map { "\($0.description) [\($0.code)]" }.joined(separator: "\n") }

  package var next: String {
    let isOfMachines = all.contains { if case .leavesWhileUp = $0 { true } else { false } }
    return isOfMachines
      ? "`cluster explain plan.leaves-while-up` says more."
      : "Fix the description at that place; `cluster validate` checks it without contacting a host."
  }
}

extension PlanProblem {
  /// `plan.two-owners`: as `cluster explain` and the pages in `docs/diagnostics` name it.
  package var code: String {
    switch self {
    case .cycle: "plan.cycle"
    case .twiceDesired: "plan.twice-desired"
    case .unknownDependency: "plan.unknown-dependency"
    case .unknownKind: "plan.unknown-kind"
    case .twoOwners: "plan.two-owners"
    case .twiceTheSameStep: "plan.same-step"
    case .order: "plan.order"
    case .bothHeads: "plan.both-heads"
    case .tooManyNodesAway: "plan.nodes-away"
    case .prunesUnmanaged: "plan.prunes-unmanaged"
    case .prunesOwned: "plan.prunes-owned"
    case .leavesWhileUp: "plan.leaves-while-up"
    }
  }
}
