// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import HostAccess
import Planning
import Testing
import Wings

@testable import Reconciler

@Suite struct KilledRunTests {
  @Test func whatAKilledRunPutInPlaceIsTakenAwayWhenTheDescriptionDropsIt() async throws {
    let site = try await FakeSite()
    let dead = ProcessTable(current: ProcessIdentity(pid: 1, startedAt: 0, boot: "an earlier one")) { _ in true }
    let all = try await site.reconciler()
    let file = try #require(
      all.wanted.resources.first { $0.id.kind == "file" && $0.id.host == "head1" && $0.after.isEmpty }?.id)
    var killed = try await site.reconciler(processes: dead) { $0.id == file }
    killed = killed.with(history: HistoryOfTheKilled(history: killed.history))
    // Carried out, and never recorded: the process was killed in between.
    await #expect(throws: ReconcileError.self) { try await killed.applied(run: "run-1") }
    try #require(await site.machines.world.machines["head1"]?.files[file.name] != nil)

    let next = try await site.reconciler { _ in false }
    let removal = try await next.propose()
    #expect(Set(removal.plan.steps.map(\.resource)) == [file])
    let applied = try await next.applied(run: "run-2")

    #expect(applied.isWhole)
    #expect(try next.history.log(site: "site", limit: 9).map(\.result) == ["converged", "interrupted"])
    #expect(try await site.reconciler { _ in false }.propose().plan.isClean)
    #expect(try await next.interruptedRuns().isEmpty)
  }

  /// Nothing that a verb has done is managed, so nothing is taken away for it; and the record does not call it an
  /// apply.
  @Test func aKilledErrandIsRecordedAndLeavesNothingManaged() async throws {
    let site = try await FakeSite.applied()
    let dead = ProcessTable(current: ProcessIdentity(pid: 1, startedAt: 0, boot: "an earlier one")) { _ in true }
    var killed = try await site.reconciler(processes: dead)
    let managed = try await killed.managedBefore().map(\.id)
    killed = killed.with(history: HistoryOfTheKilled(history: killed.history))
    await #expect(throws: ReconcileError.self) {
      _ = try await killed.converge(
        RunRequest(run: "run-2", errand: PowerErrand(.off, ["node001"], token: "run-2")),
        consent: { _ in true }, events: { _ in })
    }

    let next = try await site.reconciler()
    let proposal = try await next.propose()
    #expect(proposal.plan.steps.map(\.id.text) == ["nodes:all/boot-node001"])
    #expect(try await next.applied(run: "run-3").isWhole)

    let records = try next.history.log(site: "site", limit: 2)
    #expect(records.map(\.result) == ["converged", "interrupted"])
    #expect(records.last?.subject == "interrupted, 1 of 1 steps finished")
    #expect(try await next.managedBefore().map(\.id) == managed)
  }
}

/// Its process does not come to writing.
private struct HistoryOfTheKilled: RunHistory {
  let history: any RunHistory

  func managed(site: String, catalog: [String: AnyKind]) throws(AuditError) -> ManagedSet {
    try history.managed(site: site, catalog: catalog)
  }
  func specState(_ files: [String]) throws(AuditError) -> SpecState { try history.specState(files) }
  func log(site: String?, limit: Int) throws(AuditError) -> [RunRecord] { try history.log(site: site, limit: limit) }

  func record(_ record: AuditRecord) async throws(AuditError) -> AuditRepository.Recorded {
    throw AuditError(.git, "the process was killed", next: "Apply again.")
  }
}
