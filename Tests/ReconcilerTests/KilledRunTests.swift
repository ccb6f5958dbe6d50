// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import HostAccess
import Planning
import Testing

@testable import Reconciler

@Suite struct KilledRunTests {
  @Test func whatAKilledRunPutInPlaceIsTakenAwayWhenTheDescriptionDropsIt() async throws {
    let site = try await FakeSite()
    let dead = ProcessTable(current: ProcessIdentity(pid: 1, startedAt: 0, boot: "an earlier one")) { _ in true }
    let all = try await site.reconciler()
    let file = try #require(
      all.wanted.resources.first { $0.id.kind == "file" && $0.id.host == "head1" && $0.after.isEmpty }?.id)
    let killed = try await site.reconciler(processes: dead) { $0.id == file }
    let proposal = try await killed.propose()
    // Carried out, and never recorded: the process was killed in between.
    let outcome = try await killed.execute(proposal, as: "run-1", on: killed.clock, ExecutionPolicy()) { _ in }
    try #require(outcome.result == .done && !outcome.steps.isEmpty)

    let next = try await site.reconciler { _ in false }
    let removal = try await next.propose()
    #expect(Set(removal.plan.steps.map(\.resource)) == [file])
    let applied = try await next.apply(removal, run: "run-2") { _ in }

    #expect(applied.isWhole)
    #expect(try next.history.log(site: "site", limit: 9).map(\.result) == ["converged", "interrupted"])
    #expect(try await site.reconciler { _ in false }.propose().plan.isClean)
    #expect(try await next.interruptedRuns().isEmpty)
  }
}
