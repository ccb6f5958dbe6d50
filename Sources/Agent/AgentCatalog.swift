// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// A probe with the way in which the agent answers it.
protocol AgentProbe: Probe {
  /// The part of its answer that one question gives for many probes at once. None: `SharedFacts.Subjects()`.
  var shares: SharedFacts.Subjects { get }
  /// Looks at the host, and changes nothing.
  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> Answer
}

/// The secrets and shared facts that a probe is answered with.
struct ProbeContext: Sendable {
  let secrets: Secrets
  let facts: SharedFacts
}

/// The probes of the wings that this agent can answer: all of them, as a test checks. Its hello lists them.
package enum AgentCatalog {
  package static let wire = WireCatalog(
    probes: ProbeCatalog(ProbeCatalog.all.all.filter { $0 is any AgentProbe.Type }), operations: operations)
}

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

/// The context that an operation gets beside its goal.
package struct OperationContext: Sendable {
  package let secrets: Secrets
  /// Takes one line about what goes on now, for a person who watches.
  package let progress: @Sendable (String) -> Void

  package init(secrets: Secrets, progress: @escaping @Sendable (String) -> Void) {
    self.secrets = secrets
    self.progress = progress
  }

  /// The secret's bytes, or `.invalid` when they did not travel with the request.
  package func secret(_ ref: SecretRef) throws(AgentError) -> [UInt8] { try secrets.required(ref) }
}

extension Secrets {
  package func required(_ ref: SecretRef) throws(AgentError) -> [UInt8] {
    if let bytes = self[ref] { return bytes }
    throw AgentError(
      .invalid, "The value of \(ref) did not come with the request",
      next: "Put it into the secrets folder of the machine that runs `cluster`, as the file \(ref.name).")
  }
}
