// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// Brings one node up on its image, and waits until it says so itself.
struct NodeBoot {
  /// Ready nodes report every 10 s.
  private static let silentAfter = 45

  let goal: NodeGoal
  let context: OperationContext

  func run() async throws(AgentError) -> Outcome {
    if let report = try BootLog.reports().first(where: { $0.mac == goal.mac }) {
      if report.stage == .ready, report.image == goal.image, report.verified, report.age <= Self.silentAfter,
        !report.speaks(toAnotherThan: goal.server)
      {
        return Outcome(changed: false, detail: "\(goal.node) is ready on \(goal.image)")
      }
      if let refusal = goal.refusal(after: report) { throw refusal }
    }
    let power = try goal.bmc.map { bmc throws(AgentError) in try PowerControl(bmc, context.secrets) }
    var log = try BootLogFollower()
    let start = ContinuousClock.now
    let switched = try await switchOn(power, &log)
    return try await follow(&log, power, switched: switched, since: start)
  }

  /// Whether the node's power was switched.
  private func switchOn(_ power: PowerControl?, _ log: inout BootLogFollower) async throws(AgentError) -> Bool {
    guard let power else {
      context.progress("\(goal.node) has no BMC: waiting for somebody to switch it on")
      return false
    }
    switch (try await power.status(), goal.restart) {
    case (.off, _):
      context.progress("switching \(goal.node) on")
      try BootLog.notePower(of: goal.mac)
      try await power.set(.on)
    case (.on, true):
      context.progress("power-cycling \(goal.node)")
      try BootLog.notePower(of: goal.mac)
      try await power.set(.off)
      // It may have reported until this moment. Whatever becomes of the note, the node must not stay off.
      do throws(AgentError) { try BootLog.notePower(of: goal.mac) } catch { context.progress("\(error)") }
      // What it said until now was said by the boot that has just ended.
      log = try BootLogFollower()
      try await power.set(.on)
    case (.on, false):
      context.progress("\(goal.node) is on: waiting for it")
      return false
    }
    return true
  }

  private func follow(
    _ log: inout BootLogFollower, _ power: PowerControl?, switched: Bool, since start: ContinuousClock.Instant
  ) async throws(AgentError) -> Outcome {
    var last = "it asked for nothing over HTTP"
    while ContinuousClock.now < start + .seconds(goal.deadlineSeconds) {
      for (event, mac) in try log.next() where mac == goal.mac {
        switch event.what {
        case .script: last = "it fetched its boot script"
        case .image(let image): last = "it fetched \(image)"
        case .capture: continue
        case .report(let fields):
          if let server = event.server, let wanted = goal.server, server != wanted {
            last = "it reports to \(server), not to \(wanted)"
          } else if let outcome = try judge(fields, since: start) {
            return outcome
          }
        }
        context.progress("\(goal.node): \(last)")
      }
      try await BootWait.pause()
    }
    throw try await silence(power, switched: switched, last: last, since: start)
  }

  /// Nil: no news that ends the wait.
  private func judge(_ fields: [String: String], since start: ContinuousClock.Instant) throws(AgentError) -> Outcome? {
    let image = fields["image"] ?? "an unknown image"
    switch fields["event"] {
    case "failed":
      throw AgentError(
        .imageCorrupt, "\(goal.node) could not boot \(image)", cause: fields["detail"],
        next: "Check \(image) on this head: its SHA-256 must match its manifest. The node keeps retrying."
      )
    case "ready":
      guard image == goal.image else {
        throw AgentError(
          .nodeWrongImage, "\(goal.node) booted \(image), wanted \(goal.image)",
          next: "Check its boot order: it must start from the network, from the card with \(goal.mac).")
      }
      guard fields["verified"] == "yes" else {
        throw AgentError(
          .imageCorrupt, "\(goal.node) runs \(image) without having verified it",
          next: "Its boot script must name cluster.sha256: see /images/\(image)/boot.ipxe.")
      }
      let seconds = (ContinuousClock.now - start).components.seconds
      let trouble = fields["detail"].flatMap { $0.isEmpty ? nil : "; \($0)" } ?? ""
      return Outcome(changed: true, detail: "\(goal.node) ready on \(image) after \(seconds) s\(trouble)")
    default: return nil
    }
  }

  private func silence(
    _ power: PowerControl?, switched: Bool, last: String, since start: ContinuousClock.Instant
  ) async throws(AgentError) -> AgentError {
    let seconds = (ContinuousClock.now - start).components.seconds
    if let power, switched, try await power.status() == .off {
      return AgentError(
        .bmcLies, "\(goal.node) was switched on \(seconds) s ago, and its BMC says that it is off again",
        next: "Check the machine's power supply and its event log (`ipmitool sel list`).")
    }
    let dhcp = await BootWait.dhcp(of: goal.mac, seconds: Int(seconds))
    let began =
      switched ? "\(goal.node) was switched on \(seconds) s ago" : "\(goal.node) has been waited for \(seconds) s"
    let next =
      switched
      ? "Check its cable, its boot order, and that \(goal.mac) in the spec is the card that boots."
      : "It was already on, so it was not power-cycled: it may be running someone's job. Check its console, or switch it off."
    return AgentError(.nodeSilent, "\(began) and is not ready", cause: "\(dhcp); \(last)", next: next)
  }
}
