// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

/// `cluster ha switchover --to HEAD`: the services move to another head, for work on the one that they were on. Those
/// at the service addresses move, or with `--spread NAME` a group that has a head of its own.
///
/// It is refused where a failover would be unsafe as well: a head that does not stop its services in time is fenced.
package struct SwitchoverErrand: Errand {
  package static let name = "ha switchover"

  package let head: HostID
  /// A group of `ha: spread:`. Nil: those at the service addresses.
  package let spread: String?

  package init(to head: HostID, spread: String? = nil) {
    self.head = head
    self.spread = spread
  }

  package var words: String { "\(Self.name) --to \(head)" + (spread.map { " --spread \($0)" } ?? "") }

  package func questions(_ sight: ErrandSight) -> [Question] {
    HighAvailabilityStatus.questions(sight.cluster) + sight.cluster.heads.map { Question($0.name, CIBProbe()) }
  }

  package func plan(_ sight: ErrandSight) throws(ErrandRefusal) -> ErrandPlan {
    let policy = try HighAvailability.policy(sight.cluster, "the services stay")
    guard sight.cluster.head(head) != nil else {
      throw refusal(because: "the description has no head \(head)", next: "Name one of its heads.")
    }
    let facts = HighAvailabilityFacts(sight.cluster, sight.inventory)
    guard let status = facts.status else {
      throw refusal(because: "Pacemaker runs on no head that answers", next: "Check `cluster status`, then apply.")
    }
    guard let group = ServiceGroup.all(of: policy, in: sight.cluster).first(where: { $0.name == spread }) else {
      let names = policy.spread.map(\.name).joined(separator: ", ")
      throw refusal(
        because: "`ha: spread:` has no group \(spread ?? "")",
        next: names.isEmpty ? "Leave --spread out: all services run together." : "Name one of them: \(names).")
    }
    let goal = SwitchoverGoal(head, group, policy)
    let away = goal.away(in: status)
    var plan = ErrandPlan()
    if away.isEmpty, !isConstrained(sight) { return plan }
    if !away.isEmpty { try refuse(goal, group, policy, status, facts, sight) }
    let places = Set(away.compactMap { status.resource($0.id).flatMap(facts.place) }.map(\.name)).sorted()
    let because =
      away.isEmpty
      ? "a constraint of an earlier switchover is left"
      : places.isEmpty ? "the services run nowhere" : "the services run on \(places.joined(separator: " and "))"
    plan.steps = [
      (
        ResourceID("switchover", spread ?? "services"),
        StepDraft(
          "move", on: head, EnsureServicesOn(goal), disruption: away.isEmpty ? .none : .failover, because: because,
          changes: away.map { part in
            let place = status.resource(part.id).flatMap(facts.place)?.name ?? "nowhere"
            return "\(part.names.joined(separator: ", ")): \(place) -> \(head)"
          })
      )
    ]
    return plan
  }

  private func refusal(because why: String, next: String) -> ErrandRefusal {
    ErrandRefusal("the services stay where they are", because: why, next: next)
  }

  private func refuse(
    _ goal: SwitchoverGoal, _ group: ServiceGroup, _ policy: HighAvailabilityPolicy, _ status: ClusterStatus,
    _ facts: HighAvailabilityFacts, _ sight: ErrandSight
  ) throws(ErrandRefusal) {
    if let obstacle = goal.obstacle(in: status) {
      throw refusal(
        because: obstacle,
        next: status.maintenance
          ? "Run `cluster ha resume` first." : "Bring it back first: `cluster status` shows what is wrong.")
    }
    if policy.failback == .automatic, let home = group.home, home != head {
      throw refusal(
        because: "`ha.failback: automatic` would take them back to \(home) at once",
        next: "Write `failback: manual`, apply, and try again.")
    }
    let conditions = HighAvailabilityConditions(
      cluster: sight.cluster, policy: policy, facts: facts, now: sight.inventory.observedAt
    ).all
    if spread == nil, let state = conditions.first(where: { $0.name == SyncLevel.condition && !$0.ok }) {
      throw refusal(
        because: "\(head) does not have all of the state: \(state.detail)",
        next: "Wait until `cluster status` says that the state is in sync, then try again.")
    }
    // Without fencing by choice there is no proof to ask for.
    let unsafe = conditions.first { condition in
      !condition.ok
        && (condition.name == "failures" || (policy.fencing && condition.name.hasPrefix("fencing"))
          // Pacemaker would take them back to a head that nodes can reach.
          || condition.name.hasPrefix("carrier-") && condition.detail.contains("\(head) "))
    }
    if let unsafe {
      throw refusal(
        because: "it would not be safe: \(unsafe.name): \(unsafe.detail)",
        next: "Run `cluster apply`, which proves fencing and tries again what failed; then try again.")
    }
  }

  private func isConstrained(_ sight: ErrandSight) -> Bool {
    sight.cluster.heads.contains { head in
      let cib = try? sight.answers.parsedCIB(head.name)
      return cib?.element(SwitchoverGoal.constraint, in: .constraints) != nil
    }
  }
}

extension SwitchoverGoal {
  /// All that moves with a group.
  init(_ head: HostID, _ group: ServiceGroup, _ policy: HighAvailabilityPolicy) {
    self.init(
      head: head, anchor: group.anchor, parts: group.parts(of: policy),
      held: policy.failback == .lazy ? group.home : nil, spread: group.name)
  }
}

extension HighAvailability {
  /// The policy of a cluster with more than one head.
  static func policy(_ cluster: Cluster, _ what: String) throws(ErrandRefusal) -> HighAvailabilityPolicy {
    if let policy = cluster.ha, cluster.heads.count > 1 { return policy }
    throw ErrandRefusal(
      what, because: "the description has no high availability", next: "Describe two heads and `ha:`, then apply.")
  }
}
