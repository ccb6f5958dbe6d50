// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// This head's copy on a disk below DRBD 8.4.
struct DRBDCopy {
  private static let resource = DRBDConfiguration.resource

  /// The disk below. Nil: whichever the configuration names.
  let device: String?

  func state() async throws(AgentError) -> ReplicaState {
    guard try FileSystem.entry(DRBDConfiguration.path) != nil else { return ReplicaState(isMade: false) }
    if let text = SmallFile.read("/proc/drbd"), let state = DRBDStatus.state(in: text) { return state }
    // It is not up: its disk tells.
    let made = try await Command.run("drbdadm", ["dump-md", Self.resource], deadline: .seconds(20))
    if made.succeeded || made.errorText.contains("unclean") { return ReplicaState(isMade: true) }
    guard let device else { return ReplicaState(isMade: false) }
    return ReplicaState(isMade: false, foreign: try await contents(of: device))
  }

  func make(
    _ goal: ReplicaGoal, begins: Bool, _ context: OperationContext
  ) async throws(AgentError) -> Outcome {
    guard let device else { throw AgentError(.invalid, "No disk is named", next: "Report this.") }
    let before = try await state()
    if before.isMade { return Outcome(changed: false, detail: "there already") }
    try await Command.checked(
      "modprobe", ["drbd"],
      next: "This head's kernel has no DRBD: use Debian's own kernel. In a lab of containers write `by: stand-in`.")
    if let other = before.foreign, !goal.wipe {
      throw AgentError(
        .conflict, "\(device) is not empty", cause: "it holds \(other)",
        next: "Name another disk; or, if all that is on it may be lost, write `wipe: true`.")
    }
    let next = "Check `drbdadm dump \(Self.resource)` and `dmesg`."
    if before.foreign != nil { try await Command.checked("wipefs", ["--all", device], next: next) }
    try await Command.checked(
      "drbdadm", ["--", "--force", "create-md", Self.resource], deadline: .seconds(120), next: next)
    guard begins else { return Outcome(changed: true, detail: "\(device) is filled from the other head") }
    do throws(AgentError) {
      try await Command.checked("drbdadm", ["up", Self.resource], next: next)
      try await Command.checked("drbdadm", ["primary", "--force", Self.resource], next: next)
      context.progress("making the file system")
      try await StateFileSystem(goal: goal).make(on: DRBDConfiguration.device, options: [])
    } catch {
      // Without a file system it is no copy: the next run begins again.
      _ = try await Command.run("drbdadm", ["down", Self.resource])
      _ = try await Command.run("drbdadm", ["--", "--force", "wipe-md", Self.resource])
      throw error
    }
    // Pacemaker brings it up, on both heads.
    try await Command.checked("drbdadm", ["down", Self.resource], next: next)
    return Outcome(changed: true, detail: "made \(device), marked as the state of \(goal.marker)")
  }

  /// The contents that libblkid recognises on it. Nil: none.
  private func contents(of device: String) async throws(AgentError) -> String? {
    guard try LocalFiles.exists(device) else {
      throw AgentError(
        .notFound, "There is no \(device) on this head",
        next: "Check `lsblk`, and `disks:` of `ha: state: replicated:`.")
    }
    let probed = try await Command.run("blkid", ["--probe", "--output", "export", device], deadline: .seconds(20))
    let words = probed.text.split(separator: "\n").compactMap { line -> String? in
      let parts = line.split(separator: "=", maxSplits: 1)
      return parts.count == 2 && ["TYPE", "PTTYPE"].contains(parts[0]) ? String(parts[1]) : nil
    }
    // 2: nothing is recognised.
    return probed.status == 2 || words.isEmpty ? nil : words.joined(separator: ", ")
  }
}

/// The state of our device in /proc/drbd, as DRBD 8.4 writes it:
///
///     100: cs:SyncSource ro:Primary/Secondary ds:UpToDate/Inconsistent C r-----
///         ns:1 nr:0 dw:0 dr:0 al:0 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:1048508
///         [>....................] sync'ed:  0.3% (1048508/1048576)K
///         finish: 0:01:42 speed: 10,240 (10,240) K/sec
///
/// `oos` is in KiB.
enum DRBDStatus {
  /// Reads our device's lines. Nil: it is not up.
  static func state(in text: String) -> ReplicaState? {
    let lines = text.split(separator: "\n")
    let number = "\(DRBDConfiguration.minor):"
    guard let first = lines.firstIndex(where: { $0.drop { $0 == " " }.hasPrefix(number) }) else { return nil }
    let fields = fields(lines[first], lines[(first + 1)...].prefix { !$0.contains(" cs:") })
    guard let connection = fields["cs"], connection != "Unconfigured" else { return nil }
    let isActive = fields["ro"]?.hasPrefix("Primary") ?? false
    let disks = (fields["ds"] ?? "").split(separator: "/")
    let left = fields["oos"].flatMap { Int($0) }.map { $0 << 10 } ?? 0
    return ReplicaState(
      isMade: true, isActive: isActive,
      standing: standing(connection, disks, isActive: isActive, isHeld: isHeld(lines[first])),
      left: left > 0 ? left : nil, rate: fields["speed"].flatMap { Int($0.filter { $0 != "," }) }.map { $0 << 10 })
  }

  private static func fields(_ first: Substring, _ rest: ArraySlice<Substring>.SubSequence) -> [Substring: Substring] {
    var fields: [Substring: Substring] = [:]
    for line in [first] + rest.prefix(3) {
      let words = line.split { $0 == " " || $0 == "\t" }
      for (position, word) in words.enumerated() {
        let parts = word.split(separator: ":", maxSplits: 1)
        if parts.count == 2 { fields[parts[0]] = parts[1] }
        if word == "speed:", words.count > position + 1 { fields["speed"] = words[position + 1] }
      }
    }
    return fields
  }

  /// The first of the flags behind the protocol: `s` where the device is suspended, here until the other head is off.
  private static func isHeld(_ line: Substring) -> Bool {
    line.split(separator: " ").last?.hasPrefix("s") ?? false
  }

  private static func standing(
    _ connection: Substring, _ disks: [Substring], isActive: Bool, isHeld: Bool
  ) -> ReplicaState.Standing {
    let (own, other) = (disks.first ?? "", disks.count > 1 ? disks[1] : "")
    if isHeld { return .held }
    if ["Sync", "PausedSync", "StartingSync", "WFBitMap", "WFSync"].contains(where: connection.hasPrefix) {
      return .syncing
    }
    if own == "UpToDate", other == "UpToDate" { return .inSync }
    if own != "UpToDate", own != "Consistent" { return .behind }
    return isActive ? .alone : .waiting
  }
}
