// SPDX-License-Identifier: Apache-2.0

/// A verb that acts once, such as `cluster power off node001`: it gives a run its plan in the place of the description.
///
/// It is a value: questions → steps or a refusal. The run plans it before it asks, again under the lease, and again
/// when its steps are done; then none may be left. So all that it depends on is in the value, and in what is observed.
package protocol Errand: Sendable {
  /// The verb, unique among the errands of all wings: `ha switchover`.
  static var name: String { get }
  /// The order as it was given, for the record: `power off node[001-004]`.
  var words: String { get }
  /// Questions beside those of the description, which have been answered by then.
  func questions(_ sight: ErrandSight) -> [Question]
  /// The steps that are left, and what cannot be told. A refusal of one part is a refusal of all: nothing is done.
  func plan(_ sight: ErrandSight) throws(ErrandRefusal) -> ErrandPlan
}

/// The site as an errand finds it.
package struct ErrandSight: Sendable {
  package let cluster: Cluster
  package let inventory: Inventory
  /// The head that holds the service addresses, or the one that would.
  package let activeHead: HostID

  package init(cluster: Cluster, inventory: Inventory, activeHead: HostID) {
    self.cluster = cluster
    self.inventory = inventory
    self.activeHead = activeHead
  }

  package var answers: Answers { Answers(inventory, uninstalled: []) }
}

/// Why an errand is not done, and what to do about it.
package struct ErrandRefusal: Error, Hashable, Sendable {
  package var what: String
  package var why: String
  package var next: String

  package init(_ what: String, because why: String, next: String) {
    self.what = what
    self.why = why
    self.next = next
  }
}

/// The steps of an errand, each with the resource that it is about.
package struct ErrandPlan: Sendable {
  package var steps: [(resource: ResourceID, draft: StepDraft)] = []
  /// Parts about which nothing can be told now; the others are done without them.
  package var blocked: [(resource: ResourceID, reason: Unreadable)] = []
  /// A sentence each, for whoever is asked.
  package var notes: [String] = []

  package init() {}
}

extension Inventory {
  /// Whether it has an answer, or a reason why there is none.
  package func tells(_ question: Question) -> Bool {
    switch hosts[question.host] {
    case .answered(let answers): answers[question.probe] != nil
    case .unreachable: true
    case nil: false
    }
  }

  /// This inventory with the answers to further questions. Where a host did not answer those, it says so for each.
  package func adding(_ more: Inventory, asked: [HostID: [AnyProbe]]) -> Inventory {
    var merged = self
    merged.observedAt = more.observedAt
    for (host, probes) in asked {
      guard case .answered(var known) = merged.hosts[host] else {
        merged.hosts[host] = merged.hosts[host] ?? more.hosts[host]
        continue
      }
      switch more.hosts[host] {
      case .answered(let answers): known.merge(answers) { _, new in new }
      case .unreachable(let error): for probe in probes { known[probe] = .failed(error) }
      case nil: break
      }
      merged.hosts[host] = .answered(known)
    }
    return merged
  }
}
