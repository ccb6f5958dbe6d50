// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probeClone(head: HostID) async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func probeNodeReports() async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func probePower(_ bmc: BMC, _ secrets: Secrets) async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureCapture(_ recipe: CaptureRecipe, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureClone(_ goal: CloneGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensurePower(_ bmc: BMC, _ state: PowerState, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureNode(_ goal: NodeGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

}
