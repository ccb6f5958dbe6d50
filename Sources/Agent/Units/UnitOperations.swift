// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureUnit: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try Self.checkName(goal.name)
    var unit = try await UnitProperties.read(goal.name)
    // systemd does not notice a drop-in in a folder that is new to it, so it is told before anything is done.
    let acts = try await Self.verb(goal, unit) != nil
    if acts || unit.needsDaemonReload || !unit.exists {
      try await Command.checked("systemctl", ["daemon-reload"], next: "Check `systemctl status`.")
      unit = try await UnitProperties.read(goal.name)
    }
    // What is not there or masked neither runs nor is enabled.
    if !unit.exists || unit.isMasked, goal.enabled != true, goal.active != true, !unit.isRunning {
      return Outcome(changed: false, detail: "as desired already")
    }
    try Self.checkUsable(unit, goal)
    var done: [String] = []
    if let enabled = goal.enabled, enabled != unit.isEnabled, !unit.isFixed {
      try await Command.checked(
        "systemctl", ["--quiet", enabled ? "enable" : "disable", "--", goal.name],
        next: "Check `systemctl status \(goal.name)`.")
      done.append(enabled ? "enabled" : "disabled")
    }
    if let verb = try await Self.verb(goal, unit) {
      context.progress("systemctl \(verb) \(goal.name)")
      try await act(verb, goal, unit)
      done.append(["start": "started", "stop": "stopped", "reload": "reloaded", "restart": "restarted"][verb] ?? verb)
    }
    return Outcome(
      changed: !done.isEmpty, detail: done.isEmpty ? "as desired already" : done.joined(separator: ", "))
  }

  /// The systemctl(1) verb that brings it to run or not, if one is needed.
  private static func verb(_ goal: UnitGoal, _ unit: UnitProperties) async throws(AgentError) -> String? {
    if goal.active == false { return ["inactive", "failed"].contains(unit.active) ? nil : "stop" }
    guard unit.isRunning else { return goal.active == true ? "start" : nil }
    guard try await LoadedConfiguration.state(of: goal.name, unit, files: goal.configuration).isOutdated else {
      return nil
    }
    return goal.reload == .reload && unit.canReload ? "reload" : "restart"
  }

  private func act(_ verb: String, _ goal: UnitGoal, _ before: UnitProperties) async throws(AgentError) {
    let wantsRunning = verb != "stop"
    let evidence = wantsRunning ? try LoadedConfiguration.Evidence(goal.configuration) : nil
    if wantsRunning { try await OwnCheck.pass(goal.name) }
    if before.active == "failed" {
      // A unit that failed too often is not started again otherwise: systemd.unit(5), StartLimitBurst=.
      try await Command.checked("systemctl", ["reset-failed", "--", goal.name], next: "Check `systemctl status`.")
    }
    if verb == "restart", goal.name.hasSuffix(".socket") { try await Self.stopTriggered(goal.name) }
    let result = try await Command.run("systemctl", [verb, "--", goal.name], deadline: .seconds(200))
    guard result.succeeded else { throw await Self.failed(verb, goal.name, result.lastLines) }
    var last = before
    var seen = ""
    let reached = try await poll(until: .seconds(30), every: .milliseconds(200)) { () throws(AgentError) -> Bool? in
      last = try await UnitProperties.read(goal.name)
      if !wantsRunning { return ["inactive", "failed"].contains(last.active) ? true : nil }
      if last.active == "failed" { return false }
      // A service of Type=simple counts as started before it has read its configuration, so it must be seen twice.
      let same = last.isRunning && seen == last.invocation
      seen = last.isRunning ? last.invocation : ""
      return same ? true : nil
    }
    guard reached == true else { throw await Self.failed(verb, goal.name, "it is \(last.active) (\(last.result))") }
    if let evidence { try LoadedConfiguration.record(goal.name, last, evidence) }
  }

  /// A socket does not start again while its service runs; the next who connects starts that anew: systemd.socket(5).
  private static func stopTriggered(_ socket: String) async throws(AgentError) {
    let next = "Check `systemctl status \(socket)`."
    let shown = try await Command.checked(
      "systemctl", ["show", "--property=Triggers", "--value", "--", socket], next: next)
    let services = shown.text.split(whereSeparator: \.isWhitespace).map(String.init)
    if services.isEmpty { return }
    try await Command.checked("systemctl", ["stop", "--"] + services, deadline: .seconds(200), next: next)
  }

  private static func failed(_ verb: String, _ unit: String, _ said: String) async -> AgentError {
    let journal = try? await Command.run("journalctl", ["--unit", unit, "--lines=8", "--no-pager", "--output=cat"])
    let lines = [said, journal?.text ?? ""].flatMap { $0.split(separator: "\n") }
    return AgentError(
      .commandFailed, "\(unit) did not \(verb)", cause: lines.joined(separator: "\n"),
      next: "Fix what `journalctl --unit \(unit)` reports, then apply again.")
  }

  private static func checkUsable(_ unit: UnitProperties, _ goal: UnitGoal) throws(AgentError) {
    if unit.isMasked {
      throw AgentError(
        .conflict, "\(goal.name) is masked", next: "Run `systemctl unmask \(goal.name)` on the host, then apply again.")
    }
    if !unit.exists {
      throw AgentError(
        .notFound, "There is no unit \(goal.name)", next: "Install the package that provides it, or correct its name.")
    }
  }

  /// Not an option, path or pattern: systemd.unit(5).
  private static func checkName(_ name: String) throws(AgentError) {
    let fit = name.utf8.allSatisfy { byte in
      !" /*?[]'\"".utf8.contains(byte) && byte > 0x20 && byte != 0x7f
    }
    guard fit, !name.hasPrefix("-"), !name.hasPrefix("."), name.contains(".") else {
      throw AgentError(.invalid, "\"\(name)\" is not a unit's name", next: "Include the type: nginx.service.")
    }
  }
}
