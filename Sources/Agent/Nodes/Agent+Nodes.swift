// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probeNodeReports() async throws(AgentError) -> Answer { .nodeReports(try BootLog.reports()) }

  func probePower(_ bmc: BMC, _ secrets: Secrets) async throws(AgentError) -> Answer {
    .power(try await PowerControl(bmc, secrets).status())
  }

  func ensurePower(_ bmc: BMC, _ state: PowerState, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let power = try PowerControl(bmc, context.secrets)
    if try await power.status() == state {
      return Outcome(changed: false, detail: "the machine of \(bmc.address) is \(state.rawValue)")
    }
    try await power.set(state)
    return Outcome(changed: true, detail: "switched the machine of \(bmc.address) \(state.rawValue)")
  }

  func ensureNode(_ goal: NodeGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try await NodeBoot(goal: goal, context: context).run()
  }
}
