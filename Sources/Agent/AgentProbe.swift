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
