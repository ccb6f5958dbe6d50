// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probeCorosync() async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func probeCIB() async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func probeCrmMon() async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func probeFencing(head: HostID) async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureCIB(_ goal: CIBGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureFencingProven(_ goal: FencingGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

}
