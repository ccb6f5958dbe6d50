// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// Installs one head over the network, from power-on to its first answer on SSH.
struct CloneInstallation {
  /// Slow firmware takes minutes before it asks for anything.
  private static let untilScript = Duration.seconds(600)
  /// No news from the installer for this long means that it hangs.
  private static let betweenReports = Duration.seconds(900)

  let goal: CloneGoal
  let context: OperationContext
  let capture: CaptureStore.Facts
  let power: PowerControl

  init(_ goal: CloneGoal, _ context: OperationContext) throws(AgentError) {
    self.goal = goal
    self.context = context
    guard let facts = try CaptureStore.facts(goal.head),
      try LocalFiles.size(CaptureStore.encrypted(goal.head)) == facts.bytes
    else {
      throw AgentError(
        .notFound, "There is no capture to install \(goal.head) from",
        next: "Run `cluster apply` again: it makes the capture first.")
    }
    capture = facts
    power = try PowerControl(goal.bmc, context.secrets)
  }

  /// However it ends, the capture is gone, and whatever boots next boots from its disk.
  func run() async throws(AgentError) -> CloneRecord {
    do throws(AgentError) {
      let record = try await install()
      try await CaptureStore.removeCapture(goal.head)
      return record
    } catch {
      try LocalFiles.remove(goal.bootScript)
      try await CaptureStore.removeCapture(goal.head)
      throw error
    }
  }

  private func install() async throws(AgentError) -> CloneRecord {
    // It may have come up since this was planned, and agreed to.
    if try await Agent.speaksSSH(goal.address) { throw goal.isThere }
    let parcel = try await CloneParcel(goal, capture)
    try LocalFiles.write(Array(script(parcel.seal).utf8), to: goal.bootScript)
    var log = try BootLogFollower()
    let start = ContinuousClock.now
    let (isUEFI, because) = try firmware()
    context.progress("power-cycling \(goal.head) into the installer, by \(isUEFI ? "uefi" : "bios") \(because)")
    try await power.bootFromNetworkOnce(uefi: isUEFI)
    try await power.cycle()
    try await follow(&log, parcel, since: start)
    context.progress("\(goal.head) is installed: restarting it from its disk")
    let record = CloneRecord(
      head: goal.head, capture: capture.sha256, installedAt: Int(time(nil)), hostKey: parcel.hostKey)
    // First it is noted: when this ends here, the next run knows whose key the head shows.
    try CaptureStore.write(record)
    try LocalFiles.remove(goal.bootScript)
    try await waitForSSH(parcel.hostKey, since: start)
    return record
  }

  /// How it starts, and why this is thought. A clone's machine is taken to be like its original's.
  private func firmware() throws(AgentError) -> (isUEFI: Bool, because: String) {
    if let described = goal.firmware, described != .auto { return (described == .uefi, "as described") }
    // There where the kernel was started by UEFI.
    return (try FileSystem.entry("/sys/firmware/efi") != nil, "as this head")
  }

  /// The script, with what is made anew for each installation: the head's half of the secret.
  private func script(_ seal: InstallerSeal) -> String {
    var lines = goal.installScript.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines.insert("set head_key \(seal.publicKey)", at: min(1, lines.count))
    return lines.joined(separator: "\n")
  }

  /// Until the installer says that it is done. What comes from another address than the machine has is somebody else's
  /// word.
  private func follow(
    _ log: inout BootLogFollower, _ parcel: CloneParcel, since start: ContinuousClock.Instant
  ) async throws(AgentError) {
    var last = "it asked for nothing over HTTP"
    var news = start
    var heard = false
    var installer: String?
    while ContinuousClock.now < start + .seconds(goal.deadlineSeconds) {
      for (event, mac) in try log.next() where mac == goal.mac {
        guard event.ip == "\(goal.address)" else {
          context.progress("\(event.ip), which is not \(goal.head)'s address \(goal.address), speaks for \(goal.mac)")
          continue
        }
        (heard, news) = (true, .now)
        switch event.what {
        case .script: last = "it fetched its boot script"
        case .image(let image): last = "it fetched \(image)"
        case .capture: last = "it fetched the capture"
        case .report(let fields):
          let detail = Self.printable(fields["detail"] ?? "")
          switch fields["event"] {
          // Only who has read the parcel knows what the capture hashes to.
          case "installed" where fields["capture"] == capture.sha256: return
          case "failed": throw refused(detail)
          case "installing": last = detail
          default: continue
          }
          if let key = fields["key"] { try await hand(parcel, to: key, &installer) }
        }
        context.progress("\(goal.head): \(last)")
      }
      if ContinuousClock.now > news + (heard ? Self.betweenReports : Self.untilScript) { break }
      try await BootWait.pause()
    }
    throw try await silence(last, heard: heard, since: start)
  }

  /// The first installer gets the parcel. A second one with another key is not the same machine.
  private func hand(_ parcel: CloneParcel, to key: String, _ installer: inout String?) async throws(AgentError) {
    guard key != installer else { return }
    guard installer == nil else {
      throw AgentError(
        .conflict, "Two machines say that they are the installer of \(goal.head), from one address",
        cause: "both have shown a key of their own at \(goal.address)",
        next: "One of them is a stranger, and may have got the capture: change what was in it, find the machine "
          + "that uses \(goal.mac) or \(goal.address), and run `cluster apply` again.")
    }
    try await parcel.seal.seal(parcel.file, for: key, to: CaptureStore.sealed(goal.head))
    installer = key
  }

  /// Words of a machine that nobody knows yet.
  private static func printable(_ text: String) -> String {
    String(text.unicodeScalars.prefix(1000).map { (" "..."~").contains($0) ? Character($0) : "?" })
  }

  private func refused(_ detail: String) -> AgentError {
    let isOwn = ["is not empty", "no disk fits", "several disks fit"].contains { detail.contains($0) }
    return AgentError(
      isOwn ? .conflict : .commandFailed, "The installer on \(goal.head) gave up",
      cause: detail,
      next: detail.contains("is not empty")
        ? "Nothing was overwritten. Say `wipe: true` for \(goal.head) if its disk may be."
        : isOwn
          ? "Nothing was overwritten. Say with `disk:` which one of these it is installed on."
          : "Check \(goal.head)'s console; run `cluster apply` to install again.")
  }

  private func silence(
    _ last: String, heard: Bool, since start: ContinuousClock.Instant
  ) async throws(AgentError) -> AgentError {
    let seconds = (ContinuousClock.now - start).components.seconds
    if try await power.status() == .off {
      return AgentError(
        .bmcLies, "\(goal.head) was switched on \(seconds) s ago, and its BMC says that it is off again",
        next: "Check the machine's power supply and its event log (`ipmitool sel list`).")
    }
    let dhcp = await BootWait.dhcp(of: goal.mac, seconds: Int(seconds))
    return AgentError(
      .nodeSilent,
      heard
        ? "\(goal.head) got stuck while it was installed"
        : "\(goal.head) was powered on \(seconds) s ago and did not ask",
      cause: "\(dhcp); \(last)",
      next: heard
        ? "Check its console; run `cluster apply` to install again."
        : "Check its cable, its boot order, and that \(goal.mac) in the spec is the card that boots.")
  }

  /// Whoever has the key that was made for it, and was sealed for the installer, is the new head.
  private func waitForSSH(_ hostKey: String, since start: ContinuousClock.Instant) async throws(AgentError) {
    while ContinuousClock.now < start + .seconds(goal.deadlineSeconds) {
      let scan = try await Command.run(
        "ssh-keyscan", ["-T", "2", "-t", "ed25519", "\(goal.address)"], deadline: .seconds(10))
      // The address, the type, the key.
      let keys = scan.text.split(separator: "\n").map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
      if keys.contains(hostKey) { return }
      try await BootWait.pause()
    }
    throw AgentError(
      .nodeSilent, "\(goal.head) was installed, but does not answer on SSH at \(goal.address) from its disk",
      next: "Check its console: it must boot from its disk and have the address \(goal.address).")
  }
}
