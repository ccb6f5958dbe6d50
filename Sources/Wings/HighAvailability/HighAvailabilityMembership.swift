// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Whether a head is in the cluster that the others form: they fence one that goes without saying so.
struct HighAvailabilityMembership {
  /// A head that counts it in. Nil: none does.
  private(set) var member: HostID?
  /// Why that is not known. Nil: it is.
  private(set) var unknown: String?

  init(of head: HostID, _ sight: ErrandSight) {
    guard sight.cluster.ha != nil else { return }
    for other in sight.cluster.heads.map(\.name) where other != head {
      do throws(Unreadable) {
        let state = try sight.answers.answer(other, CorosyncProbe()) ?? nil
        if state?.members.contains(head.name) == true { member = member ?? other }
      } catch {
        switch error {
        case .unreachable(_, let error), .failed(_, let error): unknown = "\(other): \(error)"
        case .unasked: unknown = "\(other) was not asked"
        }
      }
    }
    if member != nil { unknown = nil }
  }
}
