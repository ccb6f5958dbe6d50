// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probeSystem() async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func probeFile(path: String, contents: Bool) async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func probeSecretFile(path: String, secret: SecretRef, _ secrets: Secrets) async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func probeTree(root: String) async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureFile(_ goal: FileGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureSecretFile(_ goal: SecretFileGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureFileAbsent(path: String, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureTree(_ goal: TreeGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureTreeAbsent(root: String, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensureHostname(_ name: String, _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

}
