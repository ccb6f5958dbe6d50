// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// Switches one node on, or off and on. Whether it comes up is told by its reports.
extension EnsureNode: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    var isOnItsWay = false
    if let report = try BootLog.reports().report(of: goal.mac) {
      isOnItsWay = goal.isOnItsWay(report)
      if case .met(let words) = goal.standing(report, waited: 0) { return Outcome(changed: false, detail: words) }
      if let refusal = goal.refusal(after: report) { throw refusal }
    }
    guard let bmc = goal.bmc else {
      return Outcome(changed: false, detail: "\(goal.node) has no BMC: somebody has to switch it on")
    }
    let power = try PowerControl(bmc, context.secrets)
    switch (try await power.status(), goal.restart && !isOnItsWay) {
    case (.off, _):
      context.progress("switching \(goal.node) on")
      try BootLog.notePower(of: goal.mac)
    case (.on, true):
      context.progress("power-cycling \(goal.node)")
      try BootLog.notePower(of: goal.mac)
      try await power.set(.off)
      // It may have reported until this moment. Whatever becomes of the note, the node must not stay off.
      do throws(AgentError) { try BootLog.notePower(of: goal.mac) } catch { context.progress("\(error)") }
    case (.on, false): return Outcome(changed: false, detail: "\(goal.node) is on already")
    }
    try await power.set(.on)
    return Outcome(changed: true, detail: "switched \(goal.node) \(goal.restart ? "off and on" : "on")")
  }
}
