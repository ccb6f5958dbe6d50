// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// How the heads' copies of the replicated state stand to each other, from what each head says of its own.
struct SyncLevel {
  /// Its name among the conditions.
  static let condition = "state"

  private let heads: [HostID]
  private let copies: [HostID: ReplicaState]

  /// - Parameter copies: those of heads that could tell.
  init(_ heads: [HostID], _ copies: [HostID: ReplicaState]) {
    (self.heads, self.copies) = (heads, copies)
  }

  private var active: HostID? { heads.first { copies[$0]?.isActive == true } }

  /// The active one says so; where it cannot be asked, nobody knows.
  var isInSync: Bool { active.flatMap { copies[$0]?.standing } == .inSync }

  var words: String {
    guard let active, let copy = copies[active] else { return inactive }
    let other = heads.first { $0 != active }.map { "\($0)" } ?? "the other head"
    let remaining = copy.remaining.map { ", \($0)" } ?? ""
    switch copy.standing {
    case .inSync: return "\(active) and \(other) have the same"
    case .syncing: return "\(other) is being brought up to date\(remaining)"
    case .alone:
      let less = copy.left.map { ", \(ReplicaState.size($0)) less" } ?? ""
      return "\(active) goes on alone: \(other) has an older copy\(less)"
    case .held: return "nothing is written until it is known that \(other) is off"
    case .behind, .waiting, .stopped: return "\(active) does not know of the copy of \(other)"
    }
  }

  private var inactive: String {
    let told = heads.map { head -> String in
      guard let copy = copies[head] else { return "\(head) cannot be asked" }
      guard copy.isMade else { return "\(head) has no copy" }
      switch copy.standing {
      case .behind: return "\(head) has an older copy"
      case .stopped: return "\(head) does not run it"
      default: return "\(head) waits"
      }
    }
    return "active on no head: " + told.joined(separator: ", ")
  }
}
