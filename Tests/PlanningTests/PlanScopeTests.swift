// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import TestKit
import Testing
import Wings

@testable import Planning

/// A plan that is cut to what is wanted.
@Suite struct PlanScopeTests {
  private func scope(_ targets: [String] = [], not excluded: [String] = []) throws -> PlanScope {
    PlanScope(
      targets: try targets.map { try #require(Selector($0)) },
      excluded: try excluded.map { try #require(Selector($0)) })
  }

  private static func file(_ name: String, on host: HostID, after: [String] = [], prunes: Bool = false) -> Step {
    var step = Step.sample(
      "file@\(host):/\(name)/write", on: host, EnsureFile(FileGoal(path: "/\(name)", contents: .text("a"))),
      after: after)
    step.resource = ResourceID("file", on: host, "/\(name)")
    step.prunes = prunes
    if prunes { step.onlyAfter = step.after }
    return step
  }

  private static let chain = Plan(steps: [
    file("a", on: "head1"), file("b", on: "head1", after: ["file@head1:/a/write"]),
    file("c", on: "head2", after: ["file@head1:/b/write"]), file("d", on: "head2"),
    file("e", on: "head1", after: ["file@head2:/c/write", "file@head2:/d/write"], prunes: true),
  ])

  private func ids(_ plan: Plan) -> [String] { plan.steps.map { $0.resource.name } }

  @Test func aTargetComesWithWhatItDependsOn() throws {
    let cut = Self.chain.cut(to: try scope(["file@head2:/c"]))
    #expect(ids(cut.plan) == ["/a", "/b", "/c"])
    #expect(cut.leftOut.map(\.name) == ["/d", "/e"])
    #expect(cut.stepsLeftOut == 2)
    #expect(PlanChecks.problems(cut.plan).isEmpty)
  }

  @Test func excludingTakesAlongWhatDependsOnIt() throws {
    let cut = Self.chain.cut(to: try scope(not: ["file@head1:/b"]))
    #expect(ids(cut.plan) == ["/a", "/d", "/e"])
    #expect(cut.leftOut.map(\.name) == ["/b"])
    #expect(cut.plan.blocked.map(\.resource.name) == ["/c"])
    #expect(cut.plan.blocked.first?.reason == .leftOut(ResourceID("file", on: "head1", "/b")))
    // Taking away waits for what is left to wait for.
    #expect(cut.plan.steps.last?.after == [StepID("file@head1:/a/write"), StepID("file@head2:/d/write")])
  }

  @Test func takingAwayWaitsForAllAndNeedsNothing() throws {
    #expect(ids(Self.chain.cut(to: try scope(["file@head1:/e"])).plan) == ["/e"])
  }

  @Test func nodesTakeTurnsAlsoWhenSomeAreLeftOut() throws {
    let plan = Plan(steps: SyntheticPlan.restarts(9, atOnce: 2, after: nil))
    let cut = plan.cut(to: try scope(["node[00001-00009]"], not: ["node00003", "node00004"])).plan
    #expect(cut.steps.count == 7)
    #expect(cut.blocked.isEmpty)
    #expect(cut.steps.allSatisfy { $0.place?.of == 2 })
    #expect(PlanChecks.problems(cut, PlanRules(mostNodesAway: 2)).isEmpty)
  }

  /// One that is away stays so when it is left out.
  @Test func nodesThatAreAwayAndLeftOutKeepTheirPlaces() throws {
    var plan = Plan(steps: SyntheticPlan.restarts(9, atOnce: 3, after: nil))
    for index in 0..<2 { plan.steps[index].place?.isAway = true }
    #expect(plan.cut(to: try scope(not: ["node00001"])).plan.steps.compactMap(\.place?.of).max() == 2)
    for index in 2..<5 { plan.steps[index].place?.isAway = true }
    #expect(plan.cut(to: try scope(not: ["node0000[1-5]"])).plan.steps.compactMap(\.place?.of) == [1, 1, 1, 1])
  }

  @Test func headsAreHeadsAndNodesAreNodes() throws {
    let plan = Plan(steps: Self.chain.steps + SyntheticPlan.restarts(2, atOnce: 1, after: nil))
    #expect(plan.cut(to: try scope(["head1"])).plan.steps.count == 3)
    #expect(plan.cut(to: try scope(["node*"])).plan.steps.count == 2)
    #expect(plan.cut(to: try scope(["file@*:/*"])).plan.steps.count == 5)
  }

  @Test func wholeIsUntouched() throws {
    #expect(Self.chain.cut(to: PlanScope()).plan == Self.chain)
  }

  /// Whatever is cut: no step without its dependencies, none that was excluded, and nothing lost from the count.
  @Test(arguments: 1...200 as ClosedRange<UInt64>) func cutsAreSound(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let count = 30
    let steps = (0..<count).map { number in
      let after = (0..<number).filter { _ in Int.random(in: 0..<6, using: &random) == 0 }
      return Self.file(
        "\(number)", on: number % 2 == 0 ? "head1" : "head2",
        after: after.map { "file@head\($0 % 2 + 1):/\($0)/write" })
    }
    let plan = Plan(steps: steps)
    func some() -> [String] {
      (0..<count).filter { _ in Int.random(in: 0..<5, using: &random) == 0 }.map { "file@head\($0 % 2 + 1):/\($0)" }
    }
    let wanted = try scope(some(), not: some())
    let cut = plan.cut(to: wanted)
    let kept = Set(cut.plan.steps.map(\.id))
    #expect(PlanChecks.problems(cut.plan).isEmpty)
    for step in steps where kept.contains(step.id) {
      #expect(step.after.allSatisfy(kept.contains))
      #expect(!wanted.isExcluded(step))
    }
    for step in steps where !wanted.targets.isEmpty && wanted.isTarget(step) && !kept.contains(step.id) {
      #expect(wanted.isExcluded(step) || cut.plan.blocked.contains { $0.resource == step.resource })
    }
    #expect(cut.plan.steps.count + cut.stepsLeftOut == count)
  }

  @Test func longRowsAreCutInNoTime() throws {
    let plan = Plan(steps: SyntheticPlan.restarts(20_000, atOnce: 1, after: nil))
    let cut = plan.cut(to: try scope(not: ["node0*"]))
    #expect(cut.plan.steps.count == 10_001)
    #expect(PlanChecks.problems(cut.plan, PlanRules(mostNodesAway: 1)).isEmpty)
  }

  @Test(arguments: [
    ("node[1-3]", ["node1", "node2", "node3"]), ("r[1-2]n[08-09]", ["r1n08", "r1n09", "r2n08", "r2n09"]),
    ("a,b[2,4]", ["a", "b2", "b4"]), ("node*", ["node*"]),
  ]) func hostlistsExpand(_ text: String, _ names: [String]) { #expect(HostlistText.expand(text) == names) }

  @Test(arguments: ["", ",", "a,", "n[", "n]", "n[a]", "n[3-1]", "n[1-]", "n[1-999999999]", "n[]"])
  func whatIsNoHostlistIsNone(_ text: String) { #expect(HostlistText.expand(text) == nil) }

  @Test(arguments: [
    ("abc", "a*c", true), ("abc", "*", true), ("abc", "ab", false), ("abc", "*b*", true), ("aXbXc", "a*b*c", true),
    ("", "*", true), ("abc", "a*d", false), ("aab", "a*ab", true),
  ]) func stars(_ text: String, _ pattern: String, _ matches: Bool) {
    #expect(Glob.matches(text, pattern) == matches)
  }
}
