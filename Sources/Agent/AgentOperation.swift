// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// An operation that the agent can do.
protocol AgentOperation: HostOperation {
  /// Does it, or finds that it is done already.
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome
}

extension AgentCatalog {
  /// The operations that this agent can do. Its hello names them, so that a plan which needs another one is refused
  /// before it begins.
  package static let operations = OperationCatalog(OperationCatalog.all.types.filter { $0 is any AgentOperation.Type })
}

extension Agent {
  func perform(_ operation: AnyOperation, _ context: OperationContext) async throws(AgentError) -> Outcome {
    if let own = operation.base as? any AgentOperation { return try await own.perform(on: self, context) }
    throw AgentError(
      .protocolMismatch, "The agent cannot do \(operation.name)",
      next: "Use the cluster and cluster-agent of one build.")
  }
}
