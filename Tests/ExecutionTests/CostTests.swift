// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Synchronization
import Testing

@testable import Execution

/// What a run costs follows what it changes.
@Suite struct CostTests {
  @Test func oneFileOnOneHeadIsOneOperationThere() async throws {
    let fixture = try Fixture()
    let calls = Calls()
    let hosts = ["head1", "head2"].map { id in
      (HostID(id), CountedHost(host: ScriptedHost(HostID(id)), calls: calls) as any ManagedHost)
    }
    let executor = Executor(
      hosts: Dictionary(uniqueKeysWithValues: hosts), secrets: NoSecrets(), journal: fixture.journal, now: { 1_000 })

    let outcome = try await executor.run(Plan(steps: [.write("a")]), as: "run", holder: "me")

    #expect(outcome.result == .done)
    // The other head is asked for its lease and holds it, because no other run may be at work there meanwhile.
    #expect(calls.all["head1"] == ["lease": 2, "claim": 1, "perform": 1, "release": 1])
    #expect(calls.all["head2"] == ["lease": 2, "claim": 1, "release": 1])
  }
}

private final class Calls: Sendable {
  private let counts = Mutex<[String: [String: Int]]>([:])
  var all: [String: [String: Int]] { counts.withLock { $0 } }
  func note(_ host: HostID, _ call: String) { counts.withLock { $0[host.name, default: [:]][call, default: 0] += 1 } }
}

private struct CountedHost: ManagedHost {
  let host: ScriptedHost
  let calls: Calls
  var id: HostID { host.id }

  func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    calls.note(id, "answer")
    return try await host.answer(probes, secrets: secrets)
  }

  func operations() async throws(AgentError) -> Set<String> { try await host.operations() }

  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken,
    progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    calls.note(id, "perform")
    return try await host.perform(operation, secrets: secrets, run: run, progress: progress)
  }

  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    calls.note(id, "confirm")
    return try await host.confirm(change, run: run)
  }

  func lease() async throws(AgentError) -> LeaseState {
    calls.note(id, "lease")
    return try await host.lease()
  }

  func claim(_ run: RunToken) async throws(AgentError) {
    calls.note(id, "claim")
    try await host.claim(run)
  }

  func release(_ run: RunToken) async throws(AgentError) {
    calls.note(id, "release")
    try await host.release(run)
  }

  func close() async {}
}
