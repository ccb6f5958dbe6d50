// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsurePower: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let power = try PowerControl(bmc, context.secrets)
    if try await power.status() == state {
      return Outcome(changed: false, detail: "the machine of \(bmc.address) is \(state.rawValue)")
    }
    try await power.set(state)
    return Outcome(changed: true, detail: "switched the machine of \(bmc.address) \(state.rawValue)")
  }
}
