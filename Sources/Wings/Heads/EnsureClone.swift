// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Captures this head as a root to install clones from.
package struct EnsureCapture: GoalOperation {
  package static let name = "ensureCapture"

  package let goal: CaptureRecipe
  package init(_ goal: CaptureRecipe) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { goal.clone }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: the compressed root of a head, 1.5 GB. It fills the disk and both cores, so one at a time.
    OperationTiming(expectedSeconds: 60, varies: true, deadline: .seconds(30 * 60), lane: "image")
  }
  package var expectation: Expectation? { nil }

  package var target: String { "for \(goal.clone)" }
  package func title(verb: String, machines: String) -> String { "capture this head for \(machines)" }
  package var counting: CountingWords { CountingWords("capture this head", "time", "times") }
  package var undoing: String { "it changes nothing that would have to be undone." }
}

package struct CaptureRecipe: Hashable, Codable, Sendable {
  /// The head that will be installed from it.
  package var clone: HostID
  /// Patterns of fnmatch(3) for paths that stay behind beside what its kind keeps back: identity, caches.
  package var excluded: [String]
  /// Files and folders that come along, whatever kind they are of.
  package var kept: [String]

  package init(clone: HostID, excluded: [String], kept: [String] = []) {
    self.clone = clone
    self.excluded = excluded
    self.kept = kept
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    clone = try values.decode(HostID.self, forKey: .clone)
    excluded = try values.decode([String].self, forKey: .excluded)
    // Records of earlier versions lack it.
    kept = try values.decodeIfPresent([String].self, forKey: .kept) ?? []
  }
}

/// Network-boots a machine once, installs it, and waits until it runs from its disk.
package struct EnsureClone: GoalOperation {
  package static let name = "ensureClone"

  package let goal: CloneGoal
  package init(_ goal: CloneGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { Set(goal.bmc.secrets) }
  package var machine: HostID? { goal.head }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .machine(goal.head) }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: installing 33 s and the restart 50 s on a virtual machine; firmware of a real server adds minutes.
    // It knows itself how long to wait; what it does around that takes a minute at most.
    OperationTiming(expectedSeconds: 300, varies: true, deadline: .seconds(goal.deadlineSeconds + 60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal.head.name }
  package func title(verb: String, machines: String) -> String { "install \(machines) over its disk" }
  package var counting: CountingWords { CountingWords("install", "head", "heads") }
  package var undoing: String { "the disk that is written over does not come back." }
}

package struct CloneGoal: Hashable, Codable, Sendable {
  package var head: HostID
  package var bmc: BMC
  package var mac: MACAddress
  /// Where the installed head must answer on TCP port 22.
  package var address: IPv4Address
  /// Where the script that installs is: there before the machine is powered on, gone before it restarts.
  package var bootScript: String
  package var installScript: String
  /// The machine's own files, by path: names, addresses.
  package var identity: [String: Content]
  package var deadlineSeconds: Int
  /// How the machine starts. Nil: as the head that it is a clone of.
  package var firmware: Head.Firmware?

  package init(
    head: HostID, bmc: BMC, mac: MACAddress, address: IPv4Address, bootScript: String, installScript: String,
    identity: [String: Content], deadlineSeconds: Int, firmware: Head.Firmware? = nil
  ) {
    self.firmware = firmware
    self.head = head
    self.bmc = bmc
    self.mac = mac
    self.address = address
    self.bootScript = bootScript
    self.installScript = installScript
    self.identity = identity
    self.deadlineSeconds = deadlineSeconds
  }

  /// The refusal to write over a machine that answers.
  package var isThere: AgentError {
    AgentError(
      .conflict, "\(head) answers now: something speaks SSH at \(address)",
      cause: "it did not when this was planned",
      next: "Nothing was done to it. Run `cluster plan` again: it is taken over as it is. To install it anew, "
        + "switch it off first.")
  }
}

/// Notes that another head, which was not installed from here, is there: it is never taken for an empty machine again.
package struct EnsureCloneNoted: HostOperation {
  package static let name = "ensureCloneNoted"

  package let head: HostID

  package init(head: HostID) {
    self.head = head
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { head }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 1, varies: false, deadline: .seconds(60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { head.name }
  package func title(verb: String, machines: String) -> String { "note that \(machines) is there" }
  package var counting: CountingWords { CountingWords("note", "head", "heads") }
  package var undoing: String { "it changes nothing that would have to be undone." }
}

/// Forgets that this head has installed another one: removes the note that says so, and the capture.
/// Nothing is done to the other one.
package struct EnsureCloneAbsent: HostOperation {
  package static let name = "ensureCloneAbsent"

  package let head: HostID

  package init(head: HostID) {
    self.head = head
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { head }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { true }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 1, varies: false, deadline: .seconds(120), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { head.name }
  package func title(verb: String, machines: String) -> String { "forget that \(machines) was installed" }
  package var counting: CountingWords { CountingWords("forget the installation of", "head", "heads") }
  package var undoing: String { "describe the head again: one that answers is taken over, another is installed." }
}
