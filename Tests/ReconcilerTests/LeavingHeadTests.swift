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
    // All that is on it, and its installation.
    #expect(proposal.plan.leaving.first?.resources.count == (try await managed(site, on: "head2")) + 1)
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
    #expect(await site.machines.world.machines["head2"] == before)
    #expect(try await site.git("show", "cluster/history:plan.txt").contains("head2 leaves: what it has on it stays"))
  }

  /// What head1 has noted when it installed head2, and the capture that it did so from.
  private func noted(_ site: FakeSite) async -> Bool {
    let primary = await site.machines.world.machines["head1"]
    return primary?.clones["head2"] != nil || primary?.captures.contains("head2") == true
  }

  @Test func itsInstallationIsForgottenLastOfAll() async throws {
    let site = try await shrunk()
    await site.machines.change { $0.losePower("head2") }
    #expect(await noted(site))

    let plan = try await site.reconciler().propose().plan
    let step = try #require(plan.steps.last)
    #expect(step.id == Self.forget && step.host == "head1" && !step.destructive && step.onlyAfter.isEmpty)
    #expect(step.because.hasPrefix("head2 leaves: "))
    var (before, open) = (Set<StepID>(), step.after)
    while let id = open.popLast() {
      let needing = try #require(plan.steps.first { $0.id == id })
      if before.insert(id).inserted { open += Set(needing.after).subtracting(needing.onlyAfter) }
    }
    #expect(before.count == plan.steps.count - 1, "it needs every other step")
    #expect(try await site.apply(run: "run-2").isWhole)
    #expect(await !noted(site))
  }

  private static let forget = StepID("head-clone:head2/forget")

  @Test func aNewMachineByItsNameIsInstalled() async throws {
    let site = try await shrunk()
    await site.machines.change { $0.losePower("head2") }
    try #require(try await site.apply(run: "run-2").isWhole)

    try await site.git("checkout", "-q", "cluster.yaml")
    await site.machines.change { world in
      world.regainPower("head2")
      world.machines["head2"] = nil
    }
    let plan = try await site.reconciler().propose().plan
    #expect(plan.blocked.isEmpty, "\(plan.blocked)")
    let step = try #require(plan.steps.first { $0.id.text == "head-clone:head2/install" })
    #expect(step.destructive && step.title == "install head2 over its disk")

    let applied = try await site.apply(run: "run-3")
    #expect(applied.isWhole, "\(applied.verified.plan.steps.map(\.id)) \(applied.verified.plan.blocked)")
    #expect(await noted(site))
  }

  /// Named as the target, it leaves without the rest; named as what stays out, nothing of it is forgotten.
  @Test func itsInstallationIsForgottenWhereItLeaves() async throws {
    let site = try await shrunk()
    await site.machines.change { $0.losePower("head2") }
    func terms(_ target: String) throws -> RunTerms {
      RunTerms(scope: PlanScope(targets: [try #require(Selector(target))]))
    }

    for target in ["head1", "head-clone:head2"] {
      let plan = try await site.reconciler().propose(terms(target)).plan
      #expect(plan.leaving.isEmpty && !plan.steps.contains { $0.id == Self.forget }, "\(target)")
    }
    let applied = try await site.apply(terms("head2"), run: "run-2")

    #expect(applied.outcome.steps.map(\.step) == [Self.forget])
    #expect(await !noted(site))
    #expect(try await managed(site, on: "head2") == 0)
  }

  /// Nobody can tell whether head2 left, whatever else is known of it.
  @Test func nothingIsForgottenWhileTheNoteCannotBeRead() async throws {
    let site = try await shrunk()
    await site.machines.change { world in
      world.losePower("head2")
      world.machines["head1"]?.faults.deafTo = ["clone"]
    }

    let plan = try await site.reconciler().propose().plan

    #expect(plan.leaving.isEmpty && !plan.steps.contains { $0.id == Self.forget })
    #expect(plan.blocked.contains { $0.resource.description == "head-clone:head2" })
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
    #expect(await noted(site))
    await site.machines.change { $0.machines["head1"]?.faults = .init() }
    #expect(try await site.apply(run: "run-3").isWhole)
    #expect(try await managed(site, on: "head2") == 0)
    #expect(await !noted(site))
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
