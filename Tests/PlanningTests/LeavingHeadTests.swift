// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import TestKit
import Testing
import Wings

@testable import Planning

/// A head that the description drops, and what earlier runs put there.
@Suite struct LeavingHeadTests {
  private static let alone = HeadOrder(primary: "head1", sight: HighAvailability.sight)
  private static let here = Resource.text("head1", "/a", "1")
  private static let there = [Resource.text("head2", "/b", "2"), .service("head2", "b.service", reading: ["/b"])]

  private func plan(_ world: SmallWorld, previously: [Resource] = there) throws -> Plan {
    try world.plan([Self.here], previously: (previously + [Self.here]).map(\.managed), heads: Self.alone)
  }

  @Test func whatItHasIsForgottenAndNothingIsDoneThere() throws {
    var world = SmallWorld("head1", "head2")
    world.perform(try world.plan([Self.here] + Self.there))

    let plan = try plan(world)

    #expect(plan.leaving == [LeavingHead(host: "head2", resources: Self.there.map(\.id).sorted())])
    #expect(plan.steps.isEmpty && plan.blocked.isEmpty && !plan.isClean)
    let questions = Planner.questions(
      desired: [Self.here], previously: Self.there.map(\.managed), catalog: SmallWorld.catalog, heads: Self.alone)
    #expect(questions.keys.sorted() == ["head1"])
    #expect(try self.plan(world, previously: []).isClean)
  }

  /// Unknown is not absent: it is still described.
  @Test func aSilentHeadThatIsDescribedDoesNotLeave() throws {
    var world = SmallWorld("head1", "head2")
    world.perform(try world.plan([Self.here] + Self.there))
    world.silent = ["head2"]

    let plan = try world.plan([Self.here], previously: ([Self.here] + Self.there).map(\.managed))

    #expect(plan.leaving.isEmpty)
    #expect(Set(plan.blocked.map(\.resource)) == Set(Self.there.map(\.id)))
  }

  @Test func oneThatIsUpInTheClusterIsNotLetGo() throws {
    var world = SmallWorld("head1", "head2")
    world.perform(try world.plan([Self.here] + Self.there))
    world.members = ["head1": ["head1", "head2"]]

    let problems = #expect(throws: PlanProblems.self) { try self.plan(world) }
    #expect(problems?.all == [.leavesWhileUp("head2", seenBy: "head1")])

    world.members = ["head1": ["head1"]]
    #expect(try plan(world).leaving.map(\.host) == ["head2"])
  }

  @Test func nobodyLeavesWhileNobodyCanTellWhetherItIsUp() throws {
    var world = SmallWorld("head1", "head2")
    world.perform(try world.plan([Self.here] + Self.there))
    world.silent = ["head1"]

    let plan = try plan(world)

    #expect(plan.leaving.isEmpty)
    #expect(Set(plan.blocked.map(\.resource)).isSuperset(of: Self.there.map(\.id)))
    #expect(plan.blocked.allSatisfy { $0.next == "Power it on." })
  }

  /// A run that ended early let nobody go: the next one looks again whether that is safe.
  @Test func theRecordKeepsWhatIsNotForgottenYet() throws {
    let before = ([Self.here] + Self.there).map(\.managed)
    let plan = try plan(SmallWorld("head1", "head2"))
    try #require(!plan.steps.isEmpty)

    let open = Planner.managed(
      desired: [Self.here], previously: before, verified: plan, touched: [], catalog: SmallWorld.catalog)
    let done = Planner.managed(
      desired: [Self.here], previously: [before[0]], verified: Plan(), touched: [], catalog: SmallWorld.catalog)

    #expect(Set(open.map(\.id)) == Set(before.map(\.id)))
    #expect(done.map(\.id) == [Self.here.id])
  }

  @Test func itLeavesOnlyWhereItIsWithinTheScope() throws {
    let plan = try plan(SmallWorld("head1", "head2"))
    func cut(_ targets: [String], not excluded: [String] = []) throws -> Plan.Cut {
      plan.cut(
        to: PlanScope(
          targets: try targets.map { try #require(Selector($0)) },
          excluded: try excluded.map { try #require(Selector($0)) }))
    }

    #expect(try cut(["head2"]).plan.leaving == plan.leaving)
    #expect(try cut(["head1"]).plan.leaving.isEmpty)
    #expect(try cut(["head1"]).leftOut == Self.there.map(\.id).sorted())
    #expect(try cut([], not: ["text@head2:/b"]).plan.leaving.isEmpty)
  }

  /// Installed by head1, which gets something new as the other one leaves.
  private func installed() throws -> (world: SmallWorld, plan: Plan) {
    var world = SmallWorld("head1")
    let before = [Self.here, Resource.machine("head2", by: "head1")] + Self.there
    world.perform(try world.plan(before))
    world.perform(try world.plan(before))
    let wanted = [Self.here, Resource.text("head1", "/c", "3"), Resource.text("head1", "/d", "4")]
    return (world, try world.plan(wanted, previously: before.map(\.managed), heads: Self.alone))
  }

  @Test func whatTheOthersHaveNotedOfItGoesLast() throws {
    var (world, plan) = try installed()

    let had = [ResourceID("machine", on: "head1", "head2")] + Self.there.map(\.id)
    #expect(plan.leaving == [LeavingHead(host: "head2", resources: had.sorted())])
    #expect(plan.steps.map(\.id.text) == ["text@head1:/c/write", "text@head1:/d/write", "machine@head1:head2/forget"])
    // All are needed: one that fails leaves it in the record, and noted.
    #expect(plan.steps.last?.after == plan.steps.dropLast().map(\.id))
    #expect(plan.steps.last?.onlyAfter == [])
    world.perform(plan)
    #expect(world.clones.isEmpty)
  }

  @Test func aCutPlanForgetsAfterAllThatItDoes() throws {
    let plan = try installed().plan
    func cut(_ targets: [String], not excluded: [String] = []) throws -> Plan {
      plan.cut(
        to: PlanScope(
          targets: try targets.map { try #require(Selector($0)) },
          excluded: try excluded.map { try #require(Selector($0)) })
      ).plan
    }

    #expect(try cut(["head2"]).steps.map(\.id.text) == ["machine@head1:head2/forget"])
    #expect(try cut(["head1"]).steps.map(\.id.text) == ["text@head1:/c/write", "text@head1:/d/write"])
    let some = try cut([], not: ["text@head1:/c"])
    #expect(some.steps.last?.operation == AnyOperation(EnsureCloneAbsent(head: "head2")))
    #expect(some.steps.last?.after == [StepID("text@head1:/d/write")] && some.steps.last?.onlyAfter == [])
    #expect(some.leaving == plan.leaving && some.blocked.isEmpty)
    for stays in ["machine@head1:head2", "text@head2:/b", "head2"] {
      #expect(try cut([], not: [stays]).leaving.isEmpty)
      #expect(try cut([], not: [stays]).steps.map(\.id.text) == ["text@head1:/c/write", "text@head1:/d/write"])
    }
  }

  @Test func itIsToldToPeopleAndPrograms() throws {
    let plan = try installed().plan
    expectGolden(PlanText(plan, colour: false).text, at: "cases/head-leaves/plan.txt")
    expectGolden(PlanMarkdown(PlanReview(plan)).markdown, at: "cases/head-leaves/plan.md")
    expectGolden(plan.json, at: "cases/head-leaves/plan.json")
    let lines = Explanation(plan, spec: SourceText(file: "cluster.yaml", bytes: [])).lines("text@head2:/b", desired: [])
    #expect(lines?.first == "head2 leaves: what it has on it stays as it is, and is forgotten (3 resources)")
  }
}
