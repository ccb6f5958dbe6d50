// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import TestKit
import Testing
import Wings

@testable import Planning

@Suite struct PlannerTests {
  private func ids(_ plan: Plan) -> [String] { plan.steps.map(\.id.text) }

  @Test func stepsComeAfterWhatTheyDependOn() throws {
    let first = Resource.text("head1", "/a", "1")
    let second = Resource.text("head1", "/b", "2", after: [first.id])

    let plan = try SmallWorld("head1", "head2").plan([second, first])

    #expect(ids(plan) == ["text@head1:/a/write", "text@head1:/b/write"])
    #expect(plan.steps[1].after == [plan.steps[0].id])
    #expect(plan.steps[0].because == "a text: it does not exist")
    #expect(plan.steps[0].source?.line == 1)
  }

  @Test func orderReachesThroughWhatIsAsDesiredAlready() throws {
    let first = Resource.text("head1", "/a", "1")
    let second = Resource.text("head1", "/b", "2", after: [first.id])
    let third = Resource.text("head1", "/c", "3", after: [second.id])
    var world = SmallWorld("head1", "head2")
    world.machines["head1"]?.files["/b"] = "2"

    let plan = try world.plan([first, second, third])

    #expect(ids(plan) == ["text@head1:/a/write", "text@head1:/c/write"])
    #expect(plan.steps[1].after == [plan.steps[0].id])
  }

  @Test func aUnitRestartsWhenItsFileIsAboutToChange() throws {
    let desired: (String) -> [Resource] = { text in
      [.text("head1", "/etc/a.conf", text), .service("head1", "a.service", reading: ["/etc/a.conf"])]
    }
    var world = SmallWorld("head1", "head2")
    world.perform(try world.plan(desired("old")))

    let plan = try world.plan(desired("new"))
    world.perform(plan, atMost: 1)
    let afterCrash = try world.plan(desired("new"))

    #expect(ids(plan) == ["text@head1:/etc/a.conf/write", "service@head1:a.service/restart"])
    #expect(ids(afterCrash) == ["service@head1:a.service/restart"])
    #expect(afterCrash.steps[0].because.hasSuffix("older configuration"))
  }

  @Test func bothHeadsNeverRestartAServiceTogether() throws {
    let desired: (String) -> [Resource] = { text in
      ["head1", "head2"].flatMap { host in
        [Resource.text(host, "/etc/a.conf", text), .service(host, "a.service", reading: ["/etc/a.conf"])]
      }
    }
    var world = SmallWorld("head1", "head2")
    world.perform(try world.plan(desired("old")))

    let plan = try world.plan(desired("new"))
    var loose = plan
    for index in loose.steps.indices { loose.steps[index].after.removeAll { $0.text.hasPrefix("service@head1") } }

    let restart = try #require(plan.steps.first { $0.id.text == "service@head2:a.service/restart" })
    #expect(restart.after.contains(StepID("service@head1:a.service/restart")))
    #expect(
      PlanChecks.problems(loose) == [
        .bothHeads(StepID("service@head1:a.service/restart"), StepID("service@head2:a.service/restart"))
      ])
  }

  @Test func aHostThatIsNotThereYetHasNothing() throws {
    let desired: [Resource] = [
      .text("head2", "/b", "2"), .text("head1", "/a", "1"),
      .machine("head2", by: "head1", after: [ResourceID("text", on: "head1", "/a")]),
    ]
    var world = SmallWorld("head1")

    let plan = try world.plan(desired)
    world.perform(plan)

    #expect(ids(plan) == ["text@head1:/a/write", "machine@head1:head2/install", "text@head2:/b/write"])
    #expect(plan.steps[2].after == [plan.steps[1].id])
    #expect(plan.blocked.isEmpty)
    #expect(try world.plan(desired).isClean)
  }

  @Test func whatComesBeforeTheMakingOfAHostMayAskAboutIt() throws {
    let asking = Resource.text("head2", "/b", "2")
    let desired: [Resource] = [asking, .machine("head2", by: "head1", after: [asking.id])]

    let plan = try SmallWorld("head1").plan(desired)

    #expect(plan.blocked.isEmpty)
    #expect(ids(plan) == ["text@head2:/b/write", "machine@head1:head2/install"])
  }

  @Test func anInstalledHostThatIsSilentIsUnknownNotBlank() throws {
    let desired: [Resource] = [.machine("head2", by: "head1"), .text("head2", "/b", "2")]
    var world = SmallWorld("head1")
    world.perform(try world.plan(desired))
    world.silent = ["head2"]

    let plan = try world.plan(desired)

    #expect(plan.steps.isEmpty)
    #expect(plan.blocked.map(\.resource) == [ResourceID("text", on: "head2", "/b")])
    #expect(plan.blocked.first?.next == "Power it on.")
  }

  @Test func whatDependsOnABlockedResourceWaits() throws {
    let far = Resource.text("head2", "/far", "1")
    let near = Resource.text("head1", "/near", "1", after: [far.id])
    let other = Resource.text("head1", "/other", "1")
    var world = SmallWorld("head1", "head2")
    world.silent = ["head2"]

    let plan = try world.plan([far, near, other])

    #expect(ids(plan) == ["text@head1:/other/write"])
    #expect(plan.blocked.map(\.resource) == [far.id, near.id])
    #expect(plan.blocked.last?.reason == .waitsFor(far.id))
  }

  @Test func whatTheSpecDroppedIsTakenAwayLastAndInOrder() throws {
    let before: [Resource] = [
      .text("head1", "/etc/a.conf", "1"), .service("head1", "a.service", reading: ["/etc/a.conf"]),
    ]
    var world = SmallWorld("head1", "head2")
    world.perform(try world.plan(before))

    let plan = try world.plan([.text("head1", "/b", "2")], previously: before.map(\.managed))
    world.perform(plan)

    #expect(
      ids(plan) == ["text@head1:/b/write", "service@head1:a.service/stop", "text@head1:/etc/a.conf/remove"])
    #expect(plan.steps.map(\.after) == [[], [plan.steps[0].id], [plan.steps[1].id]])
    #expect(try world.plan([.text("head1", "/b", "2")], previously: before.map(\.managed)).isClean)
  }

  @Test func nothingIsTakenAwayFromASilentHost() throws {
    let before: [Resource] = [.text("head2", "/a", "1")]
    var world = SmallWorld("head1", "head2")
    world.perform(try world.plan(before))
    world.silent = ["head2"]

    let plan = try world.plan([], previously: before.map(\.managed))

    #expect(plan.steps.isEmpty)
    #expect(plan.blocked.map(\.resource) == before.map(\.id))
    #expect(
      Planner.managed(
        desired: [], previously: before.map(\.managed), verified: plan, touched: [], catalog: SmallWorld.catalog
      ).map(\.id)
        == before.map(\.id))
  }

  @Test func aCircleIsNamed() throws {
    let a = ResourceID("text", on: "head1", "/a")
    let b = ResourceID("text", on: "head1", "/b")

    let problems = #expect(throws: PlanProblems.self) {
      try SmallWorld("head1").plan([
        .text("head1", "/a", "1", after: [b]), .text("head1", "/b", "1", after: [a], line: 7),
      ])
    }

    #expect(problems?.all == [.cycle([.init(a, .line(1)), .init(b, .line(7))])])
  }

  @Test func twoOwnersOfOneThingAreNamedAlsoWhenBothAreContent() throws {
    let text = Resource.text("head1", "/a", "1", line: 3)
    let rival = Resource(
      ResourceID("alias", on: "head1", "/a"), TextKind.Desired(text: "2"), because: "a rival", source: .line(8))
    var world = SmallWorld("head1")
    world.machines["head1"]?.files["/a"] = "1"
    let catalog = SmallWorld.catalog.merging(["alias": AnyKind(TextKind.self)]) { first, _ in first }

    let problems = #expect(throws: PlanProblems.self) {
      try Planner.plan(
        desired: [text, rival], previously: [],
        inventory: world.inventory(["head1": [AnyProbe(FileProbe("/a"))]]),
        catalog: catalog, heads: SmallWorld.heads, now: 0)
    }

    #expect(problems?.all == [.twoOwners(.path("head1", "/a"), text.owner, rival.owner)])
    #expect(problems?.description.contains("cluster.yaml:3:3") == true)
  }

  @Test func severalMayWantOnePackageButNotOneFile() {
    let owners = ["set-one", "set-two"].map { PlanProblem.Owner(PackagesKind.id(on: "head1", $0), nil) }
    func problems(_ claim: Claim) -> [PlanProblem] {
      var ownership = Ownership()
      for number in owners.indices { ownership.add([claim], number) }
      return ownership.problems { owners[$0] }
    }
    #expect(problems(.package("head1", "munge")).isEmpty)
    let file = Claim.path("head1", "/etc/munge/munge.key")
    #expect(problems(file) == [.twoOwners(file, owners[0], owners[1])])
  }

  @Test func nobodyPutsAFileIntoATreeOfAnother() {
    let tree = PlanProblem.Owner(ResourceID("tree", on: "head1", "/srv/http"), nil)
    let file = PlanProblem.Owner(ResourceID("text", on: "head1", "/srv/http/ipxe/a"), nil)
    let claim = Claim.path("head1", "/srv/http/ipxe/a")

    func problems(_ host: HostID) -> [PlanProblem] {
      var ownership = Ownership()
      ownership.add([.tree(host, "/srv/http")], 0)
      ownership.add([claim], 1)
      return ownership.problems { [tree, file][$0] }
    }

    #expect(problems("head1") == [.twoOwners(claim, tree, file)])
    #expect(problems("head2").isEmpty)
  }

  @Test func oneResourceIsNotAskedForTwice() {
    let first = Resource.text("head1", "/a", "1")
    let second = Resource.text("head1", "/a", "2", line: 9)

    let problems = #expect(throws: PlanProblems.self) { try SmallWorld("head1").plan([first, second]) }

    #expect(problems?.all == [.twiceDesired(first.owner, second.owner)])
  }

  @Test func theActiveHeadHoldsTheServiceAddress() throws {
    var world = SmallWorld("head1", "head2")
    let questions = Planner.questions(desired: [], previously: [], catalog: [:], heads: SmallWorld.heads)

    world.addresses["head2"] = ["10.1.0.2/16", "10.1.0.10/16"]
    #expect(SmallWorld.heads.active(in: world.inventory(questions)) == "head2")

    world.silent = ["head2"]
    #expect(SmallWorld.heads.active(in: world.inventory(questions)) == "head1")
  }

  @Test func eachProbeIsAskedOnce() {
    let desired: [Resource] = [.text("head1", "/a", "1"), .text("head1", "/b", "2")]

    let questions = Planner.questions(
      desired: desired, previously: desired.map(\.managed) + [Resource.text("head1", "/c", "3").managed],
      catalog: SmallWorld.catalog, heads: HeadOrder(primary: "head1", sight: HighAvailability.sight))

    #expect(
      questions == [
        "head1": [AnyProbe(LinksProbe())] + ["/a", "/b", "/c"].map { AnyProbe(FileProbe($0)) }
      ])
  }
}
