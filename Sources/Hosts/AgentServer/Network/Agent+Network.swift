// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probeLinks() async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureLink(_ goal: LinkGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureAddress(interface: String, address: IPv4Address, prefix: Int, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  package func lease() async throws(AgentError) -> LeaseState {
    LeaseState(newestGeneration: 0, holder: nil, secondsLeft: 0)
  }

  package func claim(_ run: RunToken) async throws(AgentError) {}

  package func release(_ run: RunToken) async throws(AgentError) {}
}
