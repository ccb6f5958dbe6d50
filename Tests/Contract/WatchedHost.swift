// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Synchronization
import Testing
import Wings

/// What cases have seen hosts do and say.
package final class ContractWatch: Sendable {
  private struct Seen {
    /// Operations that changed something.
    var done: Set<String> = []
    /// Different answers by probe, but for "it cannot tell".
    var answers: [String: Set<AnyAnswer>] = [:]
  }

  package init() {}

  private let seen = Mutex(Seen())

  func note(_ operation: AnyOperation, _ outcome: Outcome) {
    guard outcome.changed else { return }
    seen.withLock { _ = $0.done.insert(operation.name) }
  }

  func note(_ answers: [AnyProbe: AnyAnswer]) {
    let known = answers.filter { if case .answered = $0.value { true } else { false } }
    seen.withLock { seen in
      for (probe, answer) in known { seen.answers[probe.name, default: []].insert(answer) }
    }
  }

  /// Each operation has changed something under the eyes of a case, and each probe has told two states apart.
  package func expectAll() {
    let done = seen.withLock { $0.done }
    let answers = seen.withLock { $0.answers }
    let undone = OperationCatalog.all.names.filter { !done.contains($0) }.sorted()
    #expect(undone == [], "operations that no case of the contract does")
    let unseen = ProbeCatalog.all.all.map { $0.name }.filter { (answers[$0] ?? []).count < 2 }.sorted()
    #expect(unseen == [], "probes that no case of the contract sees change")
  }
}

/// A host whose calls are noted.
package struct WatchedHost: ManagedHost {
  let host: any ManagedHost
  let watch: ContractWatch

  package init(_ host: any ManagedHost, _ watch: ContractWatch) {
    self.host = host
    self.watch = watch
  }

  package var id: HostID { host.id }

  package func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    let answers = try await host.answer(probes, secrets: secrets)
    watch.note(answers)
    return answers
  }

  package func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    let outcome = try await host.perform(operation, secrets: secrets, run: run, progress: progress)
    watch.note(operation, outcome)
    return outcome
  }

  package func operations() async throws(AgentError) -> Set<String> { try await host.operations() }
  package func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    try await host.confirm(change, run: run)
  }
  package func lease() async throws(AgentError) -> LeaseState { try await host.lease() }
  package func claim(_ run: RunToken) async throws(AgentError) { try await host.claim(run) }
  package func release(_ run: RunToken) async throws(AgentError) { try await host.release(run) }
  package func close() async { await host.close() }
}
