// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker

/// `cluster ha pause` and `cluster ha resume`: Pacemaker's maintenance mode for the whole cluster.
///
/// While it is on, services go on where they are, and nothing is moved, restarted or watched. It is no part of the
/// description, so `apply` leaves it as it is, and every plan and `status` say so.
package struct MaintenanceErrand: Errand {
  package static let name = "ha pause"

  package let isOn: Bool

  package init(_ isOn: Bool) { self.isOn = isOn }

  package var words: String { isOn ? "ha pause" : "ha resume" }

  package func questions(_ sight: ErrandSight) -> [Question] {
    sight.cluster.heads.map { Question($0.name, CIBProbe()) }
  }

  package func plan(_ sight: ErrandSight) throws(ErrandRefusal) -> ErrandPlan {
    _ = try HighAvailability.policy(sight.cluster, "nothing is paused")
    var found: (head: HostID, cib: CIBDocument)?
    // The active head first: it is the one that is meant where heads do not see each other.
    for head in [sight.activeHead] + sight.cluster.heads.map(\.name) where found == nil {
      if let cib = try? sight.answers.parsedCIB(head) { found = (head, cib) }
    }
    guard let found else {
      throw ErrandRefusal(
        "Pacemaker cannot be told", because: "it runs on no head that answers",
        next: "Check `cluster status`, then apply.")
    }
    var plan = ErrandPlan()
    if isOn {
      plan.notes.append("While it is paused nothing fails over. `cluster ha resume` ends that; `apply` does not.")
    }
    if found.cib.stored.isPaused == isOn { return plan }
    let option = CIBDocument.option("maintenance-mode", "true")
    let goal = CIBGoal(
      elements: isOn ? [option] : [], removed: isOn ? [] : [option.id], members: [])
    plan.steps = [
      (
        ResourceID("maintenance", "cluster"),
        StepDraft(
          isOn ? "pause" : "resume", on: found.head, EnsureCIB(goal),
          because: isOn ? "Pacemaker minds the services" : "Pacemaker touches nothing",
          changes: [isOn ? "+ maintenance-mode=true" : "- maintenance-mode=true"])
      )
    ]
    return plan
  }
}

extension HighAvailability {
  /// A pause is not in the description: whoever reads a plan has to know of it all the same.
  package static func notes(_ cluster: Cluster, _ inventory: Inventory) -> [String] {
    guard cluster.ha != nil else { return [] }
    let answers = Answers(inventory, uninstalled: [])
    let isPaused = cluster.heads.contains { head in
      (try? answers.clusterStatus(head.name))?.maintenance == true
    }
    return isPaused
      ? ["High availability is paused: nothing fails over or is restarted. `cluster ha resume` ends that."] : []
  }
}
