// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Reconciler
import Simulator
import Synchronization

/// A head in memory whose calls are counted, and that lets a test in between two of them.
struct SpiedHost: ManagedHost {
  let host: FakeHost
  let counts = Counts()
  /// Before an answer.
  var asked: @Sendable (Counts) throws(AgentError) -> Void = { _ in }
  /// Before a claim.
  var claiming: @Sendable (RunToken) async throws(AgentError) -> Void = { _ in }
  /// After the first operation.
  var performed: @Sendable () async -> Void = {}

  final class Counts: Sendable {
    private let calls = Mutex<[String: Int]>([:])
    subscript(_ call: String) -> Int { calls.withLock { $0[call, default: 0] } }
    fileprivate func note(_ call: String) { calls.withLock { $0[call, default: 0] += 1 } }
  }

  init(_ host: FakeHost) { self.host = host }

  var id: HostID { host.id }

  func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    counts.note("answer")
    try asked(counts)
    return try await host.answer(probes, secrets: secrets)
  }

  func operations() async throws(AgentError) -> Set<String> { try await host.operations() }

  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken,
    progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    let outcome = try await host.perform(operation, secrets: secrets, run: run, progress: progress)
    counts.note("perform")
    if counts["perform"] == 1 { await performed() }
    return outcome
  }

  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    try await host.confirm(change, run: run)
  }

  func lease() async throws(AgentError) -> LeaseState { try await host.lease() }

  func claim(_ run: RunToken) async throws(AgentError) {
    counts.note("claim")
    try await claiming(run)
    try await host.claim(run)
  }

  func release(_ run: RunToken) async throws(AgentError) {
    counts.note("release")
    try await host.release(run)
  }

  func close() async {}
}

/// A run that came to something else than a record.
struct NotApplied: Error { var convergence: Convergence }

extension Reconciler {
  /// Applies with a yes, perhaps after something has happened at the question.
  @discardableResult
  func applied(
    _ terms: RunTerms = RunTerms(), saved: SavedPlan? = nil, run: String,
    asked: @escaping @Sendable (Proposal) async -> Void = { _ in }
  ) async throws -> Applied {
    let convergence = try await converge(
      RunRequest(run: run, terms: terms, saved: saved),
      consent: { proposal async throws(ReconcileError) in
        await asked(proposal)
        return true
      }, events: { _ in })
    guard case .applied(let applied) = convergence else { throw NotApplied(convergence: convergence) }
    return applied
  }
}
