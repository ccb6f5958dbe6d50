// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Testing
import Wings

@testable import Planning

/// A bad plan is refused, wherever it came from.
@Suite struct PlanChecksTests {
  private static func step(
    _ id: String, on host: HostID, _ operation: some HostOperation, _ disruption: Step.Disruption, after: [String] = []
  ) -> Step { .sample(id, on: host, operation, after: after, disruption: disruption) }

  private static let cib = EnsureCIB(CIBGoal(elements: [], removed: [], members: []))

  @Test(arguments: [
    (EnsureUnit.restart("a.service") as any HostOperation, Step.Disruption.reboot), (cib, .failover),
    (EnsurePackages(["kernel"]), .reboot), (EnsureFile(FileGoal(path: "/a", contents: .text(""))), .reboot),
  ]) func aHeadThatRebootsOrFailsOverIsAlone(_ operation: any HostOperation, _ disruption: Step.Disruption) {
    let other = EnsureUnit.restart("b.service")
    let apart = Plan(steps: [
      Self.step("a", on: "head1", operation, disruption), Self.step("b", on: "head2", other, .restart),
    ])
    let ordered = Plan(steps: [
      Self.step("a", on: "head1", operation, disruption), Self.step("b", on: "head2", other, .restart, after: ["a"]),
    ])
    #expect(PlanChecks.problems(apart) == [.bothHeads(StepID("a"), StepID("b"))])
    #expect(PlanChecks.problems(ordered).isEmpty)
  }

  @Test func noMoreNodesAreAwayThanAllowed() {
    func problems(_ atOnce: Int, allowed: Int?) -> [PlanProblem] {
      PlanChecks.problems(
        Plan(steps: SyntheticPlan.restarts(8, atOnce: atOnce, after: nil)), PlanRules(mostNodesAway: allowed))
    }
    #expect(problems(2, allowed: 2).isEmpty)
    #expect(problems(3, allowed: 2) == [.tooManyNodesAway(3, allowed: 2)])
    #expect(problems(8, allowed: nil).isEmpty)
  }

  @Test func nodesThatBootForTheFirstTimeAreNotAway() {
    var steps = SyntheticPlan.restarts(8, atOnce: 8, after: nil)
    for index in steps.indices { steps[index].disruption = .none }
    #expect(PlanChecks.problems(Plan(steps: steps), PlanRules(mostNodesAway: 1)).isEmpty)
  }

  @Test func onlyWhatTheRecordListsIsTakenAway() {
    var removal = Step.sample("text@head1:/a/remove", on: "head1", EnsureFileAbsent(path: "/a"))
    removal.prunes = true
    let plan = Plan(steps: [removal])
    #expect(PlanChecks.problems(plan, PlanRules(prunable: [removal.resource])).isEmpty)
    #expect(PlanChecks.problems(plan, PlanRules(prunable: [])) == [.prunesUnmanaged(removal.id)])
  }

  @Test func whatAnotherResourceOwnsIsNotTakenAway() {
    var removal = Step.sample("text@head1:/srv/a/remove", on: "head1", EnsureFileAbsent(path: "/srv/a"))
    removal.prunes = true
    for claim in [Claim.path("head1", "/srv/a"), .tree("head1", "/srv")] {
      var owned = Ownership()
      owned.add([claim], 0)
      let rules = PlanRules(prunable: [removal.resource], owned: owned)
      #expect(
        PlanChecks.problems(Plan(steps: [removal]), rules) == [.prunesOwned(removal.id, .path("head1", "/srv/a"))])
    }
  }

  /// The planner itself leaves alone what has a new owner, so that such a plan never comes up.
  @Test func aFileThatChangedItsOwnerIsKept() throws {
    let before = Resource.text("head1", "/a", "1")
    let after = Resource(
      ResourceID("alias", on: "head1", "/a"), TextKind.Desired(text: "1"), because: "another owner", source: .line(1))
    var world = SmallWorld("head1", "head2")
    world.perform(try world.plan([before]))
    let catalog = SmallWorld.catalog.merging(["alias": AnyKind(TextKind.self)]) { first, _ in first }
    let questions = Planner.questions(
      desired: [after], previously: [before.managed], catalog: catalog, heads: SmallWorld.heads)

    let plan = try Planner.plan(
      desired: [after], previously: [before.managed], inventory: world.inventory(questions), catalog: catalog,
      heads: SmallWorld.heads, now: 0)

    #expect(plan.isClean)
  }
}
