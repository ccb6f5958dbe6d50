// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker

/// `cluster ha fence-test HEAD`: Pacemaker really cuts a head's power, as it would when the head is lost.
///
/// A proof asks the BMC; only a cut shows that the power goes, and that the head comes back by itself. It is refused
/// where a failover would be unsafe, and for the head that serves unless that is what is to be tested.
package struct FenceTestErrand: Errand {
  package static let name = "ha fence-test"

  package let head: HostID
  /// Also when the services run there.
  package let serving: Bool
  /// The name of its run: a head is cut once for it.
  package let token: String

  package init(_ head: HostID, serving: Bool, token: String) {
    self.head = head
    self.serving = serving
    self.token = token
  }

  package var words: String { "\(Self.name) \(head)" + (serving ? " --serving" : "") }

  package func questions(_ sight: ErrandSight) -> [Question] {
    HighAvailabilityStatus.questions(sight.cluster)
      + sight.cluster.heads.filter { $0.name != head }.map { Question($0.name, FenceTestProbe(head)) }
  }

  package func plan(_ sight: ErrandSight) throws(ErrandRefusal) -> ErrandPlan {
    let policy = try HighAvailability.policy(sight.cluster, "nothing is cut")
    guard let described = sight.cluster.head(head), let bmc = described.bmc, policy.fencing else {
      throw refusal(
        because: sight.cluster.head(head) == nil
          ? "the description has no head \(head)" : "the description has no fencing for \(head)",
        next: "Name a head that `ha: { fencing: }` covers.")
    }
    if isDone(sight) { return ErrandPlan() }
    let facts = HighAvailabilityFacts(sight.cluster, sight.inventory)
    guard let status = facts.status else {
      throw refusal(because: "Pacemaker runs on no head that answers", next: "Check `cluster status`, then apply.")
    }
    try refuse(policy, status, facts, sight)
    let parts = ServiceGroup.all(of: policy, in: sight.cluster).flatMap { $0.parts(of: policy) }
    let here = parts.filter { status.resource($0.id).flatMap(facts.place) == head }.flatMap(\.names)
    guard here.isEmpty || serving else {
      throw refusal(
        because: "it serves: \(here.joined(separator: ", ")) run there",
        next: "Run `cluster ha switchover` first. To see a failover of what runs there, add --serving.")
    }
    let others = sight.cluster.heads.map(\.name).filter { $0 != head && status.node($0.name)?.online == true }
    guard let other = others.first(where: { $0 == sight.activeHead }) ?? others.first else {
      throw refusal(because: "no other head is online to do it", next: "Check `cluster status`, then apply.")
    }
    var plan = ErrandPlan()
    plan.steps = [
      (
        ResourceID("fence-test", head.name),
        StepDraft(
          "fence", on: other, EnsureFenceTested(FenceTestGoal(head: head, bmc: bmc, token: token)),
          disruption: here.isEmpty ? .reboot : .failover, because: "\(other) has Pacemaker cut the power of \(head)",
          changes: here.isEmpty ? [] : ["\(here.joined(separator: ", ")): \(head) -> \(other)"])
      )
    ]
    return plan
  }

  private func isDone(_ sight: ErrandSight) -> Bool {
    sight.cluster.heads.contains { other in
      let test = try? sight.answers.answer(other.name, FenceTestProbe(head)) ?? nil
      return test?.token == token
    }
  }

  private func refusal(because why: String, next: String) -> ErrandRefusal {
    ErrandRefusal("\(head) is not cut off", because: why, next: next)
  }

  private func refuse(
    _ policy: HighAvailabilityPolicy, _ status: ClusterStatus, _ facts: HighAvailabilityFacts, _ sight: ErrandSight
  ) throws(ErrandRefusal) {
    if status.maintenance {
      throw refusal(
        because: "maintenance mode is on: Pacemaker touches nothing", next: "Run `cluster ha resume` first.")
    }
    let conditions = HighAvailabilityConditions(
      cluster: sight.cluster, policy: policy, facts: facts, now: sight.inventory.observedAt
    ).all
    if let bad = conditions.first(where: { !$0.ok }) {
      throw refusal(
        because: "it would not be safe: \(bad.name): \(bad.detail)",
        next: "`cluster status` shows what is wrong. `cluster apply` proves fencing and tries again what failed.")
    }
  }
}
