// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The copy of the replicated state on one head: made once, and never again.
///
/// - The first head makes the file system and marks it. The other one begins with nothing, and is brought up to date.
/// - A disk that holds something is refused, unless the description says that it may be overwritten.
/// - Where another head has a copy already, this one is made to be filled from it: a head that was installed anew never
///   begins an empty state beside the one that there is.
/// - Removal touches nothing: what is there is the services' own.
package enum ReplicaKind: ResourceKind {
  package static let name = "replica"
  package static let removalRank = 40

  package struct Desired: DesiredState {
    package var goal: ReplicaGoal
    /// The head that makes the file system, where no head has one.
    package var primary: HostID
    package var other: HostID

    package init(_ goal: ReplicaGoal, primary: HostID, other: HostID) {
      self.goal = goal
      self.primary = primary
      self.other = other
    }
  }

  package struct Actual: Hashable, Sendable {
    package var own: ReplicaState
    package var isOtherMade: Bool
  }

  package static func id(on host: HostID, _ path: String) -> ResourceID { ResourceID(name, on: host, path) }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, ReplicaProbe(desired.goal.place))] + [Question(desired.other, ReplicaProbe(.anywhere))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let own = try answers.answer(id.onlyHost, ReplicaProbe(desired.goal.place)) else { return nil }
    // A copy that is there is not made anew, whatever the other head says.
    if own.isMade { return Actual(own: own, isOtherMade: true) }
    let other = try answers.answer(desired.other, ReplicaProbe(.anywhere))
    return Actual(own: own, isOtherMade: other?.isMade ?? false)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    if actual?.own.isMade == true { return [] }
    let begins = id.onlyHost == desired.primary && actual?.isOtherMade != true
    let goal = desired.goal
    let place = goal.device ?? ReplicaGoal.file
    return [
      StepDraft(
        begins ? "make" : "join", on: id.onlyHost, EnsureReplica(goal, begins: begins),
        because: begins ? "no head has a disk for \(goal.path) yet" : "\(id.onlyHost) has no copy of \(goal.path) yet",
        changes: [
          goal.device == nil
            ? "+ \(place)"
            : "overwrite \(place)" + (goal.wipe ? ", whatever is on it" : "; refused when it is not empty"),
          begins ? "+ an ext4 file system, marked as the state of \(goal.marker)" : "it is filled from the other head",
        ], destructive: goal.device != nil)
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] { [] }
}

package struct ReplicaGoal: Hashable, Codable, Sendable {
  /// The stand-in's copy.
  package static let file = "/var/lib/cluster/replica/disk"

  /// Where it is mounted on the active head.
  package var path: String
  /// The line that tells whose state it is: see `StateFolderGoal`.
  package var marker: String
  /// The disk below DRBD. Nil: the stand-in's file.
  package var device: String?
  package var wipe: Bool

  package init(path: String, marker: String, device: String?, wipe: Bool) {
    self.path = path
    self.marker = marker
    self.device = device
    self.wipe = wipe
  }

  package var place: ReplicaProbe.Place { device.map { .drbd(device: $0) } ?? .standIn }
}

/// Makes this head's copy of the replicated state, where there is none.
package struct EnsureReplica: HostOperation {
  package static let name = "ensureReplica"

  package let goal: ReplicaGoal
  /// It makes the file system. Else it begins with nothing, and is filled from the other head.
  package let begins: Bool

  package init(_ goal: ReplicaGoal, begins: Bool) {
    self.goal = goal
    self.begins = begins
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.path(host, goal.device ?? ReplicaGoal.file)] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // ext4 of a terabyte is made in seconds, as its tables are filled in later.
    OperationTiming(expectedSeconds: 3, varies: false, deadline: .seconds(300), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal.device ?? ReplicaGoal.file }
  package func title(verb: String, machines: String) -> String {
    begins ? "make the disk for \(goal.path) on \(target)" : "make \(target) the second copy of \(goal.path)"
  }
  package var counting: CountingWords { CountingWords("make", "replicated disk", "replicated disks") }
  package var undoing: String { "the copy stays, with what services have in it." }
}
