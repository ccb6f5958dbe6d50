// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import HostAccess
import Simulator
import Testing
import Wings

@testable import Simulation

/// A rule that cannot be broken says nothing: each is broken here, by hand, and must be told.
@Suite struct WatchTests {
  private let run = RunToken(run: "a", generation: 1, holder: "a test")
  private let write = AnyOperation(EnsureFile(FileGoal(path: "/etc/a", contents: .text("a"))))

  private func step(_ name: String, after: [String] = []) -> Step {
    Step(
      id: StepID(name), resource: ResourceID("file", on: "head1", name), host: "head1", operation: write,
      after: after.map { StepID($0) }, disruption: .none, because: "a test", source: nil, changes: [],
      destructive: false)
  }

  private func world() -> FakeWorld {
    var world = FakeWorld()
    for name in ["head1", "head2"] {
      let link = LinkState(name: "eth0", mac: nil, up: true, addresses: [], gateways: [])
      world.machines[HostID(name)] = FakeMachine(hostname: name, links: [link])
    }
    return world
  }

  private func rules(_ body: (inout Watch) -> Void) -> Set<Violation.Rule> {
    var watch = Watch()
    body(&watch)
    return Set(watch.violations.map(\.rule))
  }

  private func report(_ result: StepReport.Result) -> StepReport {
    StepReport(step: StepID("one"), host: "head1", result: result, startedAt: 0, seconds: 0, attempts: 1)
  }

  private func outcome(_ result: StepReport.Result) -> RunOutcome {
    RunOutcome(
      run: "a", generation: 1, holder: "a test", result: .done, startedAt: 0, finishedAt: 0, steps: [report(result)])
  }

  @Test func anImageThatANodeRunsIsTakenFromTheLastHead() {
    var before = world()
    let image = ImageState(name: "c", digest: "d", squashfs: "s", bytes: 1, packages: [:])
    before.machines["head1"]?.images["c/d"] = image
    before.machines["head2"]?.images["c/d"] = image
    before.nodes["node001"] = FakeWorld.Node(mac: nil)
    before.nodes["node001"]?.image = "c/d"
    var (one, none) = (before, before)
    one.machines["head1"]?.images = [:]
    none.machines["head1"]?.images = [:]
    none.machines["head2"]?.images = [:]
    let outcome = Result<Outcome, AgentError>.success(Outcome(changed: true, detail: ""))
    let removal = AnyOperation(EnsureLeftoversAbsent([.init(.init(.image, "c/d"), bytes: 1)]))
    func found(_ nodes: Set<HostID>, _ after: FakeWorld) -> Set<Violation.Rule> {
      rules { watch in
        watch.described(nodes)
        watch.did(removal, on: "head1", run, outcome, before, after)
      }
    }
    #expect(found(["node001"], none) == [.imagesStay])
    #expect(found(["node001"], one).isEmpty)
    #expect(found(["node002"], none).isEmpty)
  }

  @Test func aStepBeforeItsTurn() {
    #expect(rules { $0.started(step("two", after: ["one"]), "a") } == [.dependencies])
  }

  @Test func aStepInTurnIsFine() {
    let found = rules { watch in
      watch.started(step("one"), "a")
      watch.finished(report(.done(Outcome(changed: true, detail: ""))), "a")
      watch.started(step("two", after: ["one"]), "a")
    }
    #expect(found.isEmpty)
  }

  @Test func whatIsAskedWithoutBeingNoted() {
    #expect(rules { $0.asked(write, on: "head1", run) } == [.journaledFirst])
  }

  @Test func whatOnlyLooksChangesNothing() {
    let found = rules { watch in
      watch.dryRuns = ["admin1"]
      watch.changing("admin1", "claims the", "head1")
    }
    #expect(found == [.dryRunChangesNothing])
  }

  @Test func anotherRunHoldsALease() throws {
    var world = world()
    let other = RunToken(run: "b", generation: 1, holder: "b")
    try world.machines["head2"]?.lease.claim(other, now: world.now)

    let found = rules { watch in
      watch.began(write, on: "head2", other, world, world)
      watch.did(write, on: "head1", run, done, world, world)
    }
    #expect(found == [.oneExecutor])
    let idle = rules { $0.did(write, on: "head1", run, done, world, world) }
    #expect(idle == [], "b was refused elsewhere, and does nothing")
  }

  private var done: Result<Outcome, AgentError> { .success(Outcome(changed: true, detail: "")) }

  @Test func anAddressOnTwoHeads() throws {
    let address = try #require(IPAddress("10.1.0.10"))
    let before = world()
    var after = before
    for head in after.machines.keys { after.machines[head]?.links[0].addresses = ["10.1.0.10/16"] }

    let found = rules { watch in
      watch.serviceAddresses = [address]
      watch.did(write, on: "head1", run, done, before, after)
    }
    #expect(found == [.oneAddressHolder])
  }

  @Test func aForeignFileThatChanges() {
    let before = world()
    var after = before
    after.machines["head1"]?.files["/root/notes"] = .init(bytes: [1])

    let found = rules { watch in
      watch.foreign = [.file("head1", "/root/notes")]
      watch.did(write, on: "head1", run, done, before, after)
    }
    #expect(found == [.foreignUntouched])
  }

  @Test func aHeadThatGoesDown() {
    let before = world()
    var after = before
    after.losePower("head2")

    #expect(rules { $0.did(write, on: "head1", run, done, before, after) } == [.headsStayUp])
  }

  /// One that the description drops meanwhile does not count any more.
  @Test(arguments: [false, true]) func tooManyNodesAway(_ isDropped: Bool) throws {
    let mac = try #require(MACAddress("52:54:00:11:00:01"))
    var before = world()
    for name in ["node1", "node2"] {
      before.nodes[HostID(name)] = .init(mac: mac)
      before.nodes[HostID(name)]?.image = "a/b"
    }
    let found = rules { watch in
      watch.mostNodesAway = 1
      var now = before
      for name in ["node1", "node2"] {
        var after = now
        after.nodes[HostID(name)]?.image = nil
        let goal = NodeGoal(
          node: HostID(name), mac: mac, bmc: nil, image: "a/c", restart: true, deadlineSeconds: 600)
        watch.began(AnyOperation(EnsureNode(goal)), on: "head1", run, now, after)
        watch.described(isDropped ? ["node2"] : ["node1", "node2"])
        now = after
      }
    }
    #expect(found == (isDropped ? [] : [.nodesAway]))
  }

  @Test(arguments: [false, true]) func whatWasNotShown(_ isShown: Bool) {
    let found = rules { watch in
      watch.agreed(to: Plan(steps: isShown ? [step("one")] : []), "a")
      watch.started(step("one"), "a")
      watch.asked(write, on: "head1", run)
      // What comes to light later may be done.
      watch.started(step("one"), "a.2")
      watch.asked(write, on: "head1", run.next)
    }
    #expect(found == (isShown ? [] : [.agreedTo]))
  }

  @Test(arguments: [Step.Disruption.none, .reboot]) func aNodeThatWorksIsTakenAwayUnshown(
    _ shown: Step.Disruption
  ) throws {
    let mac = try #require(MACAddress("52:54:00:11:00:01"))
    let server = try #require(IPv4Address("10.1.0.10"))
    var before = world()
    before.machines["head1"]?.links = [
      LinkState(name: "eth0", mac: nil, up: true, addresses: ["10.1.0.10/16"], gateways: [])
    ]
    before.machines["head1"]?.units["nginx.service"] = .init(enabled: true, active: "active")
    before.machines["head1"]?.files["/etc/nginx/nginx.conf"] = .init(bytes: Array("listen 10.1.0.10:80 x\n".utf8))
    before.nodes["node1"] = .init(mac: mac)
    before.nodes["node1"]?.image = "a/b"
    before.nodes["node1"]?.server = server
    try #require(before.hears("node1"))
    var after = before
    after.nodes["node1"]?.image = nil
    let goal = NodeGoal(node: "node1", mac: mac, bmc: nil, image: "a/b", restart: true, deadlineSeconds: 600)
    var reset = step("reset")
    (reset.operation, reset.disruption) = (AnyOperation(EnsureNode(goal)), shown)

    let found = rules { watch in
      watch.agreed(to: Plan(steps: [reset]), "a")
      watch.began(AnyOperation(EnsureNode(goal)), on: "head1", run, before, after)
    }
    #expect(found == (shown == .reboot ? [] : [.agreedTo]))
  }

  @Test(arguments: [true, false]) func aRecordThatIsNotTrue(_ changed: Bool) {
    let found = rules { watch in
      watch.started(step("one"), "a")
      watch.did(write, on: "head1", run, .success(Outcome(changed: !changed, detail: "")), world(), world())
      watch.recorded(outcome(.done(Outcome(changed: changed, detail: ""))))
    }
    #expect(found == [.recordMatches])
  }

  @Test func aStepRecordedAsNotStartedThatWasDone() {
    let found = rules { watch in
      watch.started(step("one"), "a")
      watch.did(write, on: "head1", run, done, world(), world())
      watch.recorded(outcome(.notStarted))
    }
    #expect(found == [.recordMatches])
  }

  @Test func anEndThatIsNotTheSame() {
    let wanted = world()
    var found = wanted
    found.machines["head1"]?.hostname = "other"

    #expect(SameEnd.differences(found, wanted) == ["head1 is called other"])
    #expect(SameEnd.differences(wanted, wanted).isEmpty)
  }
}
