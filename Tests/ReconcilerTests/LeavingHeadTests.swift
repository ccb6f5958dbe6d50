// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Comparison
import Execution
import Foundation
import Planning
import Testing

@testable import Reconciler

/// The second head is taken out of the description.
@Suite struct LeavingHeadTests {
  /// The example in place, and then a description of one head. `head2` is still on.
  private func shrunk() async throws -> FakeSite {
    let site = try await FakeSite.applied()
    try site.cut(from: "  head2:\n", to: "\nimages:\n")
    try site.cut(from: "ha:\n", to: "access:\n")
    return site
  }

  private func managed(_ site: FakeSite, on host: HostID) async throws -> Int {
    try await site.reconciler().managedBefore().count { $0.id.host == host }
  }

  @Test func itIsForgottenAndTheOtherHeadStandsAlone() async throws {
    let site = try await shrunk()
    await site.machines.change { $0.losePower("head2") }
    let before = try #require(await site.machines.world.machines["head2"])
    let proposal = try await site.reconciler().propose()

    #expect(proposal.plan.leaving.map(\.host) == ["head2"])
    #expect(proposal.plan.leaving.first?.resources.count == (try await managed(site, on: "head2")))
    #expect(proposal.plan.blocked.isEmpty, "\(proposal.plan.blocked.map(\.resource))")
    #expect(proposal.plan.steps.allSatisfy { $0.host == "head1" })
    let steps = Set(proposal.plan.steps.map(\.id.text))
    for gone in [
      "pacemaker:cib/release", "unit@head1:corosync.service/stop", "unit@head1:pacemaker.service/stop",
      "file@head1:/usr/lib/cluster/fence/head2/remove", "packages@head1:high-availability/remove",
    ] { #expect(steps.contains(gone), "\(gone)") }

    let applied = try await site.apply(run: "run-2")

    #expect(applied.isConverged && applied.isWhole, "\(applied.verified.plan.steps.map(\.id))")
    #expect(applied.word == "converged")
    #expect(try await managed(site, on: "head2") == 0)
    #expect(try await site.reconciler().propose().plan.isClean)
    #expect(await site.machines.world.machines["head2"]?.files == before.files)
    #expect(try await site.git("show", "cluster/history:plan.txt").contains("head2 leaves: what it has on it stays"))
  }

  /// Cut off from head1, it would fence it.
  @Test func whileItIsUpInTheClusterNoPlanIsMade() async throws {
    let site = try await shrunk()

    let error = await #expect(throws: ReconcileError.self) { _ = try await site.reconciler().propose() }

    #expect("\(try #require(error))".contains("head1 sees it in its cluster"), "\(String(describing: error))")
  }

  /// Whether that is safe is looked at again by the next run.
  @Test func aRunThatIsNotDoneForgetsNothing() async throws {
    let site = try await shrunk()
    await site.machines.change { world in
      world.losePower("head2")
      world.machines["head1"]?.faults.freeBytes = 0
    }
    let count = try await managed(site, on: "head2")

    let applied = try await site.apply(run: "run-2")

    #expect(applied.outcome.result == .partial)
    #expect(try await managed(site, on: "head2") == count)
    await site.machines.change { $0.machines["head1"]?.faults = .init() }
    #expect(try await site.apply(run: "run-3").isWhole)
    #expect(try await managed(site, on: "head2") == 0)
  }

  @Test func oneThatComesBackIsTakenOverAsItIs() async throws {
    let site = try await shrunk()
    let short = try site.specification
    await site.machines.change { $0.losePower("head2") }
    try #require(try await site.apply(run: "run-2").isWhole)

    try await site.git("checkout", "-q", "cluster.yaml")
    await site.machines.change { $0.regainPower("head2") }
    try #require(try site.specification != short)
    let applied = try await site.apply(run: "run-3")

    #expect(applied.isWhole, "\(applied.verified.plan.steps.map(\.id)) \(applied.verified.plan.blocked)")
    #expect(try await managed(site, on: "head2") > 0)
  }

  @Test func aComparisonTakesItForSwitchedOff() async throws {
    let site = try await FakeSite()
    try site.cut(from: "  head2:\n", to: "\nimages:\n")
    try site.cut(from: "ha:\n", to: "access:\n")
    try await site.commit("One head")

    let plan = try await site.comparison(from: "HEAD~1", to: "HEAD").proposal.plan

    #expect(plan.leaving.map(\.host) == ["head2"])
    #expect(plan.blocked.isEmpty)
  }
}
