// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// `cluster image gc`: no head keeps images, or packages and builds of images, that no node runs and nobody described.
///
/// The same rules as those of every run of `apply`, which leaves two builds of each for the way back.
package struct CollectErrand: Errand {
  package static let name = "image gc"

  package let wanted: LeftoversKind.Desired
  /// Builds of each image that stay without being needed.
  package let kept: Int

  package init(_ cluster: Cluster, _ published: Publications, keeping kept: Int) {
    wanted = LeftoversKind.Desired(cluster, published)
    self.kept = kept
  }

  package var words: String { kept == 0 ? Self.name : "\(Self.name) --keep \(kept)" }

  package func questions(_ sight: ErrandSight) -> [Question] {
    wanted.heads.flatMap { [Question($0, StoredProbe()), Question($0, NodeReportsProbe())] }
  }

  package func plan(_ sight: ErrandSight) throws(ErrandRefusal) -> ErrandPlan {
    var plan = ErrandPlan()
    for head in wanted.heads {
      let id = LeftoversKind.id(on: head)
      var found: LeftoversKind.Actual?
      do throws(Unreadable) {
        found = try LeftoversKind.interpret(id, wanted, sight.answers)
      } catch { plan.blocked.append((id, error)) }
      guard var found else { continue }
      guard found.running != nil else {
        throw ErrandRefusal(
          "Nothing is removed", because: "a head that does not answer may have heard from nodes that run old images",
          next: "Bring all heads back, or wait: see `cluster status`.")
      }
      found.stored.removeAll { $0.id.sort == .agent }
      if let draft = LeftoversKind.draft(id, wanted, found, keeping: kept) { plan.steps.append((id, draft)) }
    }
    return plan
  }
}
