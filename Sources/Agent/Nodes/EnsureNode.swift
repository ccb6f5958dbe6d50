// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// Switches one node on, or off and on. Whether it comes up is told by its reports.
extension EnsureNode: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let report = try BootLog.reports().report(of: goal.mac)
    if let report, case .met(let words) = goal.standing(report, waited: 0) {
      return Outcome(changed: false, detail: words)
    }
    let held = try Interface.all().flatMap(\.addresses)
    let refusal = goal.refusal(after: report) { address in held.contains { $0.hasPrefix("\(address)/") } }
    if let refusal { throw refusal }
    let isOnItsWay = report.map(goal.isOnItsWay) ?? false
    guard let bmc = goal.bmc else {
      return Outcome(changed: false, detail: "\(goal.node) has no BMC: somebody has to switch it on")
    }
    let power = try PowerControl(bmc, context.secrets)
    switch (try await power.status(), goal.restart && !isOnItsWay) {
    case (.off, _):
      context.progress("switching \(goal.node) on")
      try BootLog.notePower(of: goal.mac, server: goal.server)
    case (.on, true):
      context.progress("power-cycling \(goal.node)")
      try BootLog.notePower(of: goal.mac, server: goal.server)
      try await power.set(.off)
      // It may have reported until this moment. Whatever becomes of the note, the node must not stay off.
      do throws(AgentError) { try BootLog.notePower(of: goal.mac, server: goal.server) } catch {
        context.progress("\(error)")
      }
    case (.on, false): return Outcome(changed: false, detail: "\(goal.node) is on already")
    }
    try await power.set(.on)
    return Outcome(changed: true, detail: "switched \(goal.node) \(goal.restart ? "off and on" : "on")")
  }
}

/// The common parts of waiting for a machine's boot.
enum BootWait {
  /// Between two looks at the boot log.
  static func pause() async throws(AgentError) {
    do {
      try await ContinuousClock().sleep(for: .milliseconds(250))
    } catch {
      throw AgentError(.cancelled, "Stopped while waiting for a machine to boot", next: "Run `cluster apply` again.")
    }
  }

  /// Whether a machine has asked for an address lately, from dnsmasq's messages; for the reason of a failure only.
  static func dhcp(of mac: MACAddress, seconds: Int) async -> String {
    let journal = try? await Command.run(
      "journalctl",
      ["--unit=dnsmasq.service", "--since=-\(seconds + 5)s", "--output=cat", "--no-pager", "--grep=DHCP.*\(mac)"],
      deadline: .seconds(20))
    guard let journal, journal.succeeded, let line = journal.text.split(separator: "\n").last else {
      return "no DHCP request"
    }
    return "DHCP: \(line.drop { $0 != "D" })"
  }
}

extension NodeReportsProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> [NodeReport] {
    try BootLog.reports()
  }
}
