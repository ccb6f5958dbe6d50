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
      try LocalFiles.size("\(CaptureStore.folder(goal.head))/root.squashfs") == facts.bytes
    else {
      throw AgentError(
        .notFound, "There is no capture to install \(goal.head) from",
        next: "Run `cluster apply` again: it makes the capture first.")
    }
    capture = facts
    power = try PowerControl(goal.bmc, context.secrets)
  }

  func run() async throws(AgentError) -> CloneRecord {
    try await writeIdentity()
    try LocalFiles.write(Array(script.utf8), to: goal.bootScript)
    var log = try BootLogFollower()
    let start = ContinuousClock.now
    context.progress("power-cycling \(goal.head) into the installer")
    try await power.bootFromNetworkOnce()
    try await power.cycle()
    let hostKey: String?
    do {
      hostKey = try await follow(&log, since: start)
    } catch {
      // Whatever boots next boots from its disk again.
      try LocalFiles.remove(goal.bootScript)
      throw error
    }
    context.progress("\(goal.head) is installed: restarting it from its disk")
    try LocalFiles.remove(goal.bootScript)
    try await waitForSSH(hostKey, since: start)
    let record = CloneRecord(
      head: goal.head, capture: capture.sha256, installedAt: Int(time(nil)), hostKey: hostKey)
    try CaptureStore.write(record)
    return record
  }

  /// The script, with what is known only now: what the capture must hash to.
  private var script: String {
    var lines = goal.installScript.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines.insert("set capture_sha256 \(capture.sha256)", at: min(1, lines.count))
    return lines.joined(separator: "\n")
  }

  private func writeIdentity() async throws(AgentError) {
    let folder = "\(CaptureStore.folder(goal.head))/.identity"
    try await ImageStore.remove(folder)
    for (path, content) in goal.identity { try LocalFiles.write(content.bytes, to: folder + path) }
    try await Command.checked(
      "tar",
      [
        "--create", "--file", "\(CaptureStore.folder(goal.head))/identity.tar", "--directory", folder, "--owner=0",
        "--group=0", "--numeric-owner", "--sort=name", ".",
      ], next: "Check \(CaptureStore.root) on this head.")
    try await ImageStore.remove(folder)
  }

  /// Until the installer says that it is done; gives the host key that it made.
  private func follow(_ log: inout BootLogFollower, since start: ContinuousClock.Instant) async throws(AgentError)
    -> String?
  {
    var last = "it asked for nothing over HTTP"
    var news = start
    var heard = false
    while ContinuousClock.now < start + .seconds(goal.deadlineSeconds) {
      for (event, mac) in try log.next() where mac == goal.mac {
        (heard, news) = (true, .now)
        switch event.what {
        case .script: last = "it fetched its boot script"
        case .image(let image): last = "it fetched \(image)"
        case .capture: last = "it fetched the capture"
        case .report(let fields):
          let detail = fields["detail"] ?? ""
          switch fields["event"] {
          case "installed": return fields["hostkey"].flatMap { $0.isEmpty ? nil : $0 }
          case "failed": throw refused(detail)
          case "installing": last = detail
          default: continue
          }
        }
        context.progress("\(goal.head): \(last)")
      }
      if ContinuousClock.now > news + (heard ? Self.betweenReports : Self.untilScript) { break }
      try await BootWait.pause()
    }
    throw try await silence(last, heard: heard, since: start)
  }

  private func refused(_ detail: String) -> AgentError {
    AgentError(
      detail.contains("is not empty") ? .conflict : .commandFailed, "The installer on \(goal.head) gave up",
      cause: detail,
      next: detail.contains("is not empty")
        ? "Nothing was overwritten. Say `wipe: true` for \(goal.head) if its disk may be."
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

  /// The installer's own system may answer on the same address, so the host key that it made tells the two apart.
  private func waitForSSH(_ hostKey: String?, since start: ContinuousClock.Instant) async throws(AgentError) {
    while ContinuousClock.now < start + .seconds(goal.deadlineSeconds) {
      let scan = try await Command.run(
        "ssh-keyscan", ["-T", "2", "-t", "ed25519", "\(goal.address)"], deadline: .seconds(10))
      let answered = scan.text.split(separator: "\n").contains { !$0.hasPrefix("#") }
      if let hostKey, scan.text.contains(hostKey) { return }
      if hostKey == nil, answered { return }
      try await BootWait.pause()
    }
    throw AgentError(
      .nodeSilent, "\(goal.head) was installed, but does not answer on SSH at \(goal.address) from its disk",
      next: "Check its console: it must boot from its disk and have the address \(goal.address).")
  }
}
