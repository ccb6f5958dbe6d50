// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probePackages(_ names: [String]) async throws(AgentError) -> Answer {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensurePackages(_ names: [String], _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

  func ensurePackagesAbsent(_ names: [String], _ context: OperationContext) async throws(AgentError) -> Outcome {
    throw AgentError(.invalid, "This agent cannot do that yet", next: "Use a newer agent.")
  }

}
