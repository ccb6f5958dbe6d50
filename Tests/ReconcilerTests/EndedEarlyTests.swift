// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Foundation
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
    let machines = site.machines
    var head1 = SpiedHost(machines.host("head1"))
    // The other head is on again, and this one still has an operation of the first round at work.
    head1.performed = { await machines.change { $0.setPower(of: "head2", .on) } }
    head1.claiming = { (run) throws(AgentError) in
      if run.base != run.run { throw AgentError(.leaseHeld, "an operation is at work", next: "Wait.") }
    }
    let reconciler = try await site.reconciler().with(hosts: ["head1": head1, "head2": machines.host("head2")])

    let applied = try await reconciler.applied(run: "run-2")

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

  /// A head that is away for the look under the lease gets its steps in a later round; and is away for the last look.
  @Test func whatALaterRoundHasPutInPlaceIsRecordedAlsoWhenItCannotBeLookedAt() async throws {
    let proxy = "  proxy: http://198.51.100.1:3142      # a caching proxy; leave it out to go to the mirrors directly\n"
    let site = try await FakeSite()
    let whole = try site.specification
    try site.edit("repositories:\n", "")
    try site.edit(proxy, "")
    try #require(try await site.apply().isConverged)
    try Data(whole.utf8).write(to: site.folder.appending(path: "cluster.yaml"))
    try site.cut(from: "\nnodes:", to: "\nha:")
    let (machines, other) = (site.machines, SpiedHost(site.machines.host("head2")))
    var head1 = SpiedHost(machines.host("head1"))
    head1.asked = { [others = other.counts] (own) throws(AgentError) in
      let isLast = own["perform"] > 0
      guard isLast || (own["claim"] > 0 && others["perform"] == 0) else { return }
      throw AgentError(.connectionLost, "The connection to head1 broke", next: "Look at the network.")
    }
    let reconciler = try await site.reconciler().with(hosts: ["head1": head1, "head2": other])

    let applied = try await reconciler.applied(run: "run-2")

    let file = ResourceID("file", on: "head1", "/etc/apt/apt.conf.d/00cluster-proxy")
    try #require(head1.counts["perform"] > 0 && applied.verified.plan.blocked.contains { $0.resource == file })
    try #require(await machines.world.machines["head1"]?.managed[file.name] != nil)
    #expect(try await site.reconciler().managedBefore().contains { $0.id == file })
  }

  @Test func aRunThatCannotBeLookedAtIsRecordedAllTheSame() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { $0.machines["head1"]?.installed["curl"] = nil }
    var reconciler = try await site.reconciler()
    let before = try await reconciler.managedBefore()
    reconciler = reconciler.with(history: HistoryReadTwice(history: reconciler.history))

    let applied = try await reconciler.applied(run: "run-2")

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
    hosts: [HostID: any ManagedHost]? = nil, history: (any RunHistory)? = nil
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

/// What is managed can be read before the question and under the lease, and then no longer.
private final class HistoryReadTwice: RunHistory {
  private let history: any RunHistory
  private let reads = Mutex(0)

  init(history: any RunHistory) { self.history = history }

  func managed(site: String, catalog: [String: AnyKind]) throws(AuditError) -> ManagedSet {
    let count = reads.withLock { reads in
      reads += 1
      return reads
    }
    if count > 2 {
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
