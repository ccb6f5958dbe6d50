// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A head that is installed as a clone of another, over the network, when it has nothing yet.
///
/// - Absent: the primary has no record of installing it, and it does not answer. Then the primary is captured, and the
///   clone installed: its disk is overwritten.
/// - A head that answers was installed by whatever means: it is taken over as it is, and only its differences are
///   levelled.
/// - A head that was installed by us and does not answer is switched on when its BMC says that it is off. Otherwise
///   nothing can be known about it.
/// - Removal, when it is not described any more, makes the primary forget it, so that a machine that is described later
///   by the same name is installed. The machine that left is not touched.
package enum HeadCloneKind: ResourceKind {
  package static let name = "head-clone"
  package static let removalRank = 90

  package struct Desired: DesiredState {
    /// The head that is captured, and that installs.
    package var primary: HostID
    package var capture: CaptureRecipe
    package var goal: CloneGoal
    /// The image that holds the installer.
    package var image: String
    /// Whether a disk that is not empty may be overwritten.
    package var wipe: Bool
    package var establishes: HostID? { goal.head }

    package init(primary: HostID, capture: CaptureRecipe, goal: CloneGoal, image: String, wipe: Bool) {
      self.image = image
      self.primary = primary
      self.capture = capture
      self.goal = goal
      self.wipe = wipe
    }
  }

  package enum Actual: Hashable, Sendable {
    /// It answers.
    case running
    /// Installed by us, and switched off.
    case off
    /// Installed by us, as the primary has noted, and not described any more.
    case left
  }

  package static func id(_ head: HostID) -> ResourceID { ResourceID(name, head.name) }
}

extension HeadCloneKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [
      Question(desired.primary, CloneProbe(desired.goal.head)),
      Question(desired.primary, PowerProbe(desired.goal.bmc)),
      // Whether it answers at all.
      Question(desired.goal.head, SystemProbe()),
    ]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    let head = desired.goal.head
    if answers.isReachable(head) { return .running }
    guard let record = try answers.answer(desired.primary, CloneProbe(head)) ?? nil else { return nil }
    if answers.isUninstalled(head) { return .left }
    guard let power = try answers.answer(desired.primary, PowerProbe(desired.goal.bmc)) else { return nil }
    if power == .off { return .off }
    throw .unreachable(
      head,
      AgentError(
        .unreachable,
        "\(head) is switched on but does not answer; it was installed from capture \(record.capture.prefix(12))",
        next: "Check its console and its network links. To reinstall it, remove "
          + "/var/lib/cluster/clones/\(head).json on \(desired.primary)."))
  }
}

extension HeadCloneKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let head = desired.goal.head
    let installer = [ImageKind.id(desired.image)]
    switch actual {
    // One that has left is not wanted.
    case .running, .left: return []
    case .off:
      return [
        StepDraft(
          "power-on", on: desired.primary, EnsurePower(bmc: desired.goal.bmc, state: .on, of: .head(head)),
          because: "\(head) is switched off")
      ]
    case nil:
      return [
        StepDraft(
          "capture", on: desired.primary, EnsureCapture(desired.capture),
          because: "\(head) is installed from \(desired.primary)'s own root",
          changes: ["left out: identity, passwords, keys, secrets, logs, caches"], after: installer),
        StepDraft(
          "install", on: desired.primary, EnsureClone(desired.goal),
          because: "\(head) does not answer and was never installed from here",
          changes: [
            "overwrite \(head)'s disk" + (desired.wipe ? ", whatever is on it" : "; refused when it is not empty"),
            "power-cycle \(head) through its BMC at \(desired.goal.bmc.address)",
          ] + desired.goal.identity.keys.sorted().map { "+ \($0)" }, destructive: true,
          after: installer),
      ]
    }
  }

  /// A head that the spec drops is not erased: it is somebody's machine. One that is only no clone any more is still
  /// the one that was installed.
  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    guard actual == .left else { return [] }
    let (head, primary) = (previous.goal.head, previous.primary)
    return [
      StepDraft(
        "forget", on: primary, EnsureCloneAbsent(head: head),
        because: "\(head) leaves: a machine that is described later by this name is another one, and is installed",
        changes: ["- the note of \(primary) that it has installed \(head)", "- the capture of \(primary) for \(head)"])
    ]
  }
}

/// The record of installing a head as a clone, kept on the head that installed it. Nil: this head has not installed it.
package struct CloneProbe: Probe {
  package typealias Answer = CloneRecord?

  package static let name = "clone"

  package let head: HostID

  package init(_ head: HostID) { self.head = head }

  package var words: String { "clone \(head)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ record: CloneRecord?, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("clones", explained(record, nodes))]
  }

  package func explained(_ record: CloneRecord?, _ nodes: NodeNames) -> [String] {
    ["\(head) " + (record.map { "installed from \($0.capture)" } ?? "not installed by this head")]
  }
}

package struct CloneRecord: Hashable, Codable, Sendable {
  package var head: HostID
  /// Digest of the capture that was laid down.
  package var capture: String
  /// Seconds since 1970.
  package var installedAt: Int
  /// The SSH host key that the installer made, as `ssh-ed25519 AAAA…`. Nil: the captured head has no SSH server.
  package var hostKey: String?

  package init(head: HostID, capture: String, installedAt: Int, hostKey: String? = nil) {
    self.head = head
    self.capture = capture
    self.installedAt = installedAt
    self.hostKey = hostKey
  }
}
