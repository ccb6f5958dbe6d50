// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// This head's copy of the replicated state, and how it stands to the other head's.
package struct ReplicaProbe: Probe {
  package typealias Answer = ReplicaState

  package static let name = "replica"

  package enum Place: Hashable, Codable, Sendable {
    case drbd(device: String)
    case standIn
    /// Whichever of them there is.
    case anywhere
  }

  package let place: Place
  package init(_ place: Place) { self.place = place }

  package var words: String {
    switch place {
    case .drbd(let device): "replicated state on \(device)"
    case .standIn: "replicated state in \(ReplicaGoal.file)"
    case .anywhere: "replicated state"
    }
  }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ state: ReplicaState, _ nodes: NodeNames) -> [ObservedLines] {
    // How many bytes are left is another number at every look.
    [ObservedLines("state", ["copy \(state.isMade ? "made" : "none")"])]
  }

  package func explained(_ state: ReplicaState, _ nodes: NodeNames) -> [String] {
    if let other = state.foreign { return ["the disk holds \(other)"] }
    guard state.isMade else { return ["there is no copy"] }
    let left = state.left.map { ", \(ReplicaState.size($0)) left" } ?? ""
    return ["a copy, \(state.isActive ? "active" : "standby"), \(state.standing.rawValue)\(left)"]
  }
}

package struct ReplicaState: Hashable, Codable, Sendable {
  package enum Standing: String, Hashable, Codable, CaseIterable, Sendable {
    /// Both copies are the same.
    case inSync = "in sync"
    /// The other copy, or this one, is being brought up to date.
    case syncing
    /// It goes on without the other copy, which is older.
    case alone
    /// Nothing is written until it is known that the other head is off.
    case held
    /// It is older than the other copy, or not whole.
    case behind
    /// Nothing is known of the other copy.
    case waiting
    /// Nothing runs that could tell.
    case stopped
  }

  package var isMade: Bool
  /// Something else on its disk. Nil: there is nothing, or what is ours.
  package var foreign: String?
  /// Its contents are used on this head.
  package var isActive: Bool
  package var standing: Standing
  /// Bytes that are still to be copied. Nil: it is not known, or none are.
  package var left: Int?
  /// Bytes a second. Nil: it is not known.
  package var rate: Int?

  package init(
    isMade: Bool, foreign: String? = nil, isActive: Bool = false, standing: Standing = .stopped, left: Int? = nil,
    rate: Int? = nil
  ) {
    self.isMade = isMade
    self.foreign = foreign
    self.isActive = isActive
    self.standing = standing
    self.left = left
    self.rate = rate
  }

  /// `12 MiB`.
  package static func size(_ bytes: Int) -> String {
    switch bytes {
    case ..<(1 << 10): "\(bytes) B"
    case ..<(1 << 20): "\(bytes >> 10) KiB"
    case ..<(10 << 30): "\(bytes >> 20) MiB"
    default: "\(bytes >> 30) GiB"
    }
  }

  /// The rest, in words: `12 MiB left, about 3 s`.
  package var remaining: String? {
    guard let left, left > 0 else { return nil }
    guard let rate, rate > 0 else { return "\(Self.size(left)) left" }
    let seconds = max(1, left / rate)
    return "\(Self.size(left)) left, about " + (seconds < 120 ? "\(seconds) s" : "\(seconds / 60) min")
  }
}
