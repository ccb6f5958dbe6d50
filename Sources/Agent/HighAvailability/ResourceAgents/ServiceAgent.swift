// SPDX-License-Identifier: Apache-2.0
import Glibc
import HostAccess

/// `ocf:cluster:service`: runs a systemd unit for Pacemaker.
///
/// Start, stop and monitor return when what they say is true. Pacemaker's own `systemd:` class asks for the result two
/// seconds later, which is felt at every switch-over. A health check notices daemons that run but no longer answer.
struct ServiceAgent: ResourceAgent {
  private let call: OCFCall
  private let unit: SystemdUnit
  private let questions: [HealthQuestion]
  /// The program among the questions, where it is not run at each look.
  private let rare: RareProgram?

  init(_ call: OCFCall, notes: String = "/run/cluster/ocf") {
    self.call = call
    unit = SystemdUnit(name: call["unit"] ?? "", notes: notes)
    questions = HealthQuestion.all(call)
    rare = RareProgram(call, notes: notes)
  }

  let required = ["unit"]
  var metadata: String { OCFMetadata.service }

  // MARK: Monitor

  func look() -> OCFResult {
    let state = unit.settled(within: call.patience)
    switch state.active {
    case "active":
      unit.remember(state)
      // It may have been started a moment ago, or somebody asks who does not trust what was noted.
      rare?.forget()
      return ask(of: state)
    case "failed": return call.interval == 0 ? .notRunning : refuse("\(unit.name) failed", .failed)
    case "activating", "deactivating", "reloading":
      return refuse("\(unit.name) has been \(state.active) for too long", .failed)
    default: return .notRunning
    }
  }

  func watch() -> OCFResult {
    // What it has not seen yet, such as a unit that was just started, is told at once: somebody waits for it.
    guard var state = unit.remembered() else { return look() }
    let end = call.begun + call.stay
    while true {
      let result = ask(of: state)
      // It may be on its way down because somebody restarts it, and does not answer any more.
      if result == .failed, unit.show().isChanging { return look() }
      if result != .success || end.left == 0 { return result }
      guard state.main.ended(within: min(call.interval, end.left)) else { continue }
      // It died, or somebody restarts it: its own process is gone in both cases.
      let found = look()
      guard found == .success, let now = unit.remembered() else { return found }
      state = now
    }
  }

  /// Asks what a running unit must answer. One that is slow is told, and left alone; one that is stopped by a signal,
  /// takes no connections, or says nothing at all has failed.
  private func ask(of state: ServiceState) -> OCFResult {
    let limit = MonotonicTime.now + call.patience
    var hasSpoken = false
    for question in questions {
      if question.isProgram, rare?.holds(for: state) ?? false { continue }
      let begun = MonotonicTime.now
      let answer = question.answer(until: limit, giveUp: { state.isStopped || $0 && state.isHung(at: question.port) })
      if question.isProgram { rare?.forget() }
      switch answer {
      case .right where MonotonicTime.now - begun > HealthQuestion.slow:
        return refuse("\(unit.name) is slow: it took \((MonotonicTime.now - begun) / 1000) s to answer", .degraded)
      case .right where question.isProgram: rare?.note(state)
      case .right: break
      case .wrong(let why): return refuse("\(unit.name) runs, but \(why)", .failed)
      }
      hasSpoken = hasSpoken || question.isAnsweredByTheUnit
    }
    // The kernel takes connections for a process that a signal has stopped.
    return state.isStopped && !hasSpoken ? refuse("\(unit.name) is stopped by a signal", .failed) : .success
  }

  // MARK: Start and stop

  func start() -> OCFResult {
    if look() == .success { return .success }
    // Pacemaker does not try this head again until it is told to, and takes another one.
    if unit.show().load == "not-found" { return refuse("\(unit.name) is not installed here", .installed) }
    if let problem = missingState() { return refuse(problem, .installed) }
    // A unit that has failed often is refused by systemd until its failures are forgotten: Pacemaker counts them.
    unit.forgetFailures()
    let started = unit.order("start")
    guard started.status == 0 else { return refuse("\(unit.name) does not start: \(started.said)", .failed) }
    // Half of Pacemaker's own timeout, so that the reason is told rather than "timed out".
    let limit = call.begun + call.timeout / 2
    while true {
      let result = look()
      if result == .success || result == .degraded { return .success }
      if ["failed", "inactive"].contains(unit.show().active) { return refuse("\(unit.name) ended at once", .failed) }
      if limit.left == 0 { return .failed }
      Pause.milliseconds(100)
    }
  }

  /// An empty folder in the place of its state would be taken for an empty state. Nil: it has none, or it is there.
  private func missingState() -> String? {
    guard let path = call["marker"], let wanted = call["marker_text"] else { return nil }
    let found = try? FileSystem.text(path).split(separator: "\n").first
    if found.map(String.init) == wanted { return nil }
    return "\(path) does not say \(wanted): the folder with the state of \(unit.name) is not mounted here"
  }

  func stop() -> OCFResult {
    unit.forget()
    rare?.forget()
    // A process that is stopped by a signal does not hear that it is to end.
    unit.show().wake()
    let stopped = unit.stop()
    // Nothing runs of a unit that is not there. A stop that fails has the whole head fenced.
    if stopped.status != 0, !["inactive", "failed"].contains(unit.settled(within: call.patience).active) {
      return refuse("\(unit.name) does not stop: \(stopped.said)", .failed)
    }
    unit.forgetFailures()
    return .success
  }

  private func refuse(_ reason: String, _ result: OCFResult) -> OCFResult { ResourceAgents.refuse(reason, result) }
}
