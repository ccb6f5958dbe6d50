// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import HostAccess
import Simulator
import Synchronization
import Testing

@testable import Reconciler

/// Whatever comes up after something was done: the run is recorded, and never as converged.
@Suite struct EndedEarlyTests {
  @Test func aLaterRoundThatIsRefusedEndsTheRunAndItIsRecorded() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { world in
      for head in ["head1", "head2"] as [HostID] { world.machines[head]?.installed["curl"] = nil }
      world.setPower(of: "head2", .off)
    }
    var reconciler = try await site.reconciler()
    let head1 = HeadThatKeepsItsLease(host: site.machines.host("head1"))
    reconciler = reconciler.with(hosts: ["head1": head1, "head2": site.machines.host("head2")])

    let applied = try await reconciler.apply(try await reconciler.propose(), run: "run-2") { _ in }

    let error = try #require(applied.endedBy)
    #expect(error.isLeaseHeld)
    #expect(applied.word == "partial")
    #expect(!applied.isConverged)
    #expect(!applied.outcome.steps.isEmpty && applied.outcome.steps.allSatisfy(\.succeeded))
    let newest = try #require(try reconciler.history.log(site: "site", limit: 1).first)
    #expect(newest.id == "run-2")
    #expect(newest.result == "partial")
    #expect(try await reconciler.interruptedRuns().isEmpty)
  }

  @Test func aRunThatCannotBeLookedAtIsRecordedAllTheSame() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { $0.machines["head1"]?.installed["curl"] = nil }
    var reconciler = try await site.reconciler()
    let before = try await reconciler.managedBefore()
    reconciler = reconciler.with(history: HistoryReadOnce(history: reconciler.history))

    let applied = try await reconciler.apply(try await reconciler.propose(), run: "run-2") { _ in }

    guard case .audit = try #require(applied.endedBy) else { throw try #require(applied.endedBy) }
    #expect(applied.word == "partial")
    let next = try await site.reconciler()
    let newest = try #require(try next.history.log(site: "site", limit: 1).first)
    #expect(newest.id == "run-2")
    #expect(newest.result == "partial")
    // Nothing is forgotten for want of a look.
    let after = try await next.managedBefore()
    #expect(Set(after.map(\.id)) == Set(before.map(\.id)))
  }
}

extension Reconciler {
  func with(
    hosts: [HostID: any HostAccess.Host]? = nil, history: (any RunHistory)? = nil
  ) -> Reconciler {
    Reconciler(
      site: site, specification: specification, cluster: cluster, wanted: wanted, hosts: hosts ?? self.hosts,
      secrets: secrets, journal: journal, processes: processes, history: history ?? self.history, by: by,
      clock: clock, now: now)
  }
}

extension FakeWorld {
  fileprivate mutating func setPower(of machine: HostID, _ power: PowerState) {
    for address in boards.keys where boards[address]?.machine == machine { boards[address]?.power = power }
    settle()
  }
}

/// It does not hear that its lease is given back; and then the other head is on again.
private struct HeadThatKeepsItsLease: HostAccess.Host {
  let host: FakeHost
  var id: HostID { host.id }

  func answer(_ probes: [Probe], secrets: Secrets) async throws(AgentError) -> [Probe: Answer] {
    try await host.answer(probes, secrets: secrets)
  }

  func operations() async throws(AgentError) -> Set<String> { try await host.operations() }

  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken,
    progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    try await host.perform(operation, secrets: secrets, run: run, progress: progress)
  }

  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    try await host.confirm(change, run: run)
  }

  func lease() async throws(AgentError) -> LeaseState { try await host.lease() }
  func claim(_ run: RunToken) async throws(AgentError) { try await host.claim(run) }

  func release(_ run: RunToken) async throws(AgentError) {
    await host.cluster.change { $0.setPower(of: "head2", .on) }
    throw AgentError(.connectionLost, "the connection broke", next: "Look again.")
  }

  func close() async {}
}

/// What is managed can be read once, and then no longer.
private final class HistoryReadOnce: RunHistory {
  private let history: any RunHistory
  private let wasRead = Mutex(false)

  init(history: any RunHistory) { self.history = history }

  func managed(site: String, catalog: [String: AnyKind]) throws(AuditError) -> ManagedSet {
    if wasRead.withLock({ read in
      defer { read = true }; return read
    }) {
      throw AuditError(.git, "the repository cannot be read", next: "Mend it.")
    }
    return try history.managed(site: site, catalog: catalog)
  }

  func specState(_ files: [String]) throws(AuditError) -> SpecState { try history.specState(files) }

  func log(site: String?, limit: Int) throws(AuditError) -> [RunRecord] { try history.log(site: site, limit: limit) }

  func record(_ record: AuditRecord) async throws(AuditError) -> AuditRepository.Recorded {
    try await history.record(record)
  }
}
