// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A head that is installed as a clone of another, over the network, when it has nothing yet.
///
/// - Absent: the primary has no note of it, nothing can be reached at its addresses, and nothing speaks SSH there as
///   the primary sees it. Then the primary is captured, and the clone installed: its disk is overwritten.
/// - A head that answers, but not to us, is there: its key or its password is another one. Nothing is known of it.
/// - A head that answers was installed by whatever means: it is taken over as it is, only its differences are levelled,
///   and the primary notes that it is there.
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
    /// The disk that it is installed on.
    package var disk: DiskRule
    package var establishes: HostID? { goal.head }

    package init(
      primary: HostID, capture: CaptureRecipe, goal: CloneGoal, image: String, wipe: Bool, disk: DiskRule = .only
    ) {
      self.image = image
      self.primary = primary
      self.capture = capture
      self.goal = goal
      self.wipe = wipe
      self.disk = disk
    }

    package init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      image = try values.decode(String.self, forKey: .image)
      primary = try values.decode(HostID.self, forKey: .primary)
      capture = try values.decode(CaptureRecipe.self, forKey: .capture)
      goal = try values.decode(CloneGoal.self, forKey: .goal)
      wipe = try values.decode(Bool.self, forKey: .wipe)
      // Records of earlier versions lack it.
      disk = try values.decodeIfPresent(DiskRule.self, forKey: .disk) ?? .only
    }
  }

  package enum Actual: Hashable, Sendable {
    /// It answers.
    case running
    /// It answers, and the primary has no note of it.
    case unnoted
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
      Question(desired.primary, SSHPortProbe(desired.goal.address)),
      // Whether it answers at all.
      Question(desired.goal.head, SystemProbe()),
    ]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    let head = desired.goal.head
    let record = try answers.answer(desired.primary, CloneProbe(head)) ?? nil
    if answers.isReachable(head) { return record == nil ? .unnoted : .running }
    guard let record else {
      if !answers.isUninstalled(head) { try checkBlank(desired, answers) }
      return nil
    }
    if answers.isUninstalled(head) { return .left }
    guard let power = try answers.answer(desired.primary, PowerProbe(desired.goal.bmc)) else { return nil }
    if power == .off { return .off }
    throw .unreachable(
      head,
      AgentError(
        .unreachable,
        "\(head) is switched on but does not answer; it \(record.words)",
        next: "Check its console and its network links. To reinstall it, remove "
          + "/var/lib/cluster/clones/\(head).json on \(desired.primary)."))
  }

  /// Does not answer is not empty: only a machine that nobody at all answers from may be.
  private static func checkBlank(_ desired: Desired, _ answers: Answers) throws(Unreadable) {
    let (head, primary) = (desired.goal.head, desired.primary)
    do throws(Unreadable) { _ = try answers.answer(head, SystemProbe()) } catch {
      guard case .unreachable(_, let reason) = error, reason.code == .unreachable else { throw error }
    }
    guard try answers.answer(primary, SSHPortProbe(desired.goal.address)) == true else { return }
    throw .unreachable(
      head,
      AgentError(
        .unreachable,
        "\(head) cannot be reached from here, but \(primary) sees that something speaks SSH at \(desired.goal.address)",
        next: "It is no empty machine. Make `ssh` to it work from here; if it is to be installed anew, switch it off."))
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
    case .unnoted:
      return [
        StepDraft(
          "note", on: desired.primary, EnsureCloneNoted(head: head),
          because: "\(head) was installed by somebody else: it is taken over as it is")
      ]
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
          changes: HeadCapture.leftOut + desired.capture.kept.map { "+ \($0), whatever it is" }
            + ["encrypted for \(head)'s installer alone; removed when that is done, or has failed"],
          after: installer),
        StepDraft(
          "install", on: desired.primary, EnsureClone(desired.goal),
          because: "nothing answers at \(head)'s addresses, and it was never installed from here",
          changes: [
            "overwrite \(desired.disk.words) of \(head)"
              + (desired.wipe ? ", whatever is on it" : "; refused when it is not empty"),
            "power-cycle \(head) through its BMC at \(desired.goal.bmc.address)",
            "boot it over the network once, by "
              + (desired.goal.firmware.map { "\($0.rawValue), as described" }
                ?? "the firmware that \(desired.primary) has"),
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

/// The note of a clone, kept on the head that it is a clone of. Nil: this head has neither installed nor noted it.
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
    [
      "\(head) "
        + (record.map { $0.capture.map { "installed from \($0)" } ?? "taken over" } ?? "not known to this head")
    ]
  }
}

/// Whether anything speaks SSH at an address, seen from another head on its network. Whose key it has does not matter.
package struct SSHPortProbe: Probe {
  package typealias Answer = Bool

  package static let name = "sshPort"

  package let address: IPv4Address

  package init(_ address: IPv4Address) { self.address = address }

  package var words: String { "SSH at \(address)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ answer: Bool, _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ answer: Bool, _ nodes: NodeNames) -> [String] {
    ["\(address) " + (answer ? "speaks SSH" : "does not speak SSH")]
  }
}

/// The note of a head that is there, on the head that it is a clone of.
package struct CloneRecord: Hashable, Codable, Sendable {
  package var head: HostID
  /// Digest of the capture that was laid down. Nil: it was not installed from here, but taken over.
  package var capture: String?
  /// When it was installed or taken over, in seconds since 1970.
  package var installedAt: Int
  /// The SSH host key that was made for it, as `ssh-ed25519 AAAA…`. Nil: it was taken over, and has one of its own.
  package var hostKey: String?

  package init(head: HostID, capture: String?, installedAt: Int, hostKey: String? = nil) {
    self.head = head
    self.capture = capture
    self.installedAt = installedAt
    self.hostKey = hostKey
  }

  package var words: String {
    capture.map { "was installed from capture \($0.prefix(12))" } ?? "was there already, and was taken over"
  }
}
