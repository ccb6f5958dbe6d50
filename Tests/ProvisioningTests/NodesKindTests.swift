// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import TestKit
import Testing

@testable import Wings

@Suite struct NodesKindTests {
  private static let now = 1_000_000

  private static func row(_ number: UInt64) -> NodesKind.Row {
    NodesKind.Row(
      name: HostID("node\(number)"), mac: MACAddress(bits: number), address: IPv4Address(bits: UInt32(number)),
      bmc: nil,
      image: "compute/new")
  }

  private static func report(
    _ number: UInt64, _ stage: NodeReport.Stage = .ready, image: String? = "compute/new", verified: Bool = true,
    age: Int = 5, at server: String? = nil, ready: Int? = nil, powered: Int? = nil
  ) -> NodeReport {
    NodeReport(
      mac: MACAddress(bits: number), stage: stage, image: image, verified: verified, age: age, uptime: 100,
      server: server.flatMap { IPv4Address($0) }, readyAge: ready, poweredAge: powered)
  }

  private static func drafts(
    _ count: UInt64, _ answers: [HostID: [NodeReport]?], active: HostID = "head1"
  ) throws -> [StepDraft] {
    let desired = NodesKind.Desired(
      heads: ["head1", "head2"], server: IPv4Address("10.1.0.1"), nodes: (1...count).map(row))
    let hosts = answers.mapValues { reports -> Inventory.Host in
      guard let reports else { return .unreachable(AgentError(.unreachable, "silent", next: "Power it on.")) }
      return .knowing(NodeReportsProbe().answered(reports))
    }
    let found = Answers(Inventory(hosts: hosts, observedAt: now), uninstalled: [])
    let context = PlanContext(answers: found, activeHead: active, changing: [], now: now)
    let actual = try NodesKind.interpret(NodesKind.id, desired, found)
    return try NodesKind.steps(NodesKind.id, desired, actual, context)
  }

  @Test func readyNodesNeedNothing() throws {
    #expect(try Self.drafts(2, ["head1": [Self.report(1), Self.report(2)], "head2": []]).isEmpty)
  }

  /// Case 18: arguments of the kernel count only from the next boot on.
  @Test func aNodeIsRestartedIntoOtherArguments() throws {
    let arguments = KernelArguments(["console=ttyS1,115200", "intel_iommu=on"])
    var row = Self.row(1)
    row.arguments = arguments.tag
    let old = NodesKind.need(row, Self.report(1), at: nil)
    #expect(old.map { "\($0)" }?.contains("node1 was started with other arguments of its kernel") == true)
    var report = Self.report(1)
    report.arguments = arguments.tag
    #expect(NodesKind.need(row, report, at: nil) == nil)
    #expect(NodesKind.need(Self.row(1), report, at: nil) != nil)

    let script = BootScript(server: IPv4Address(bits: 1), prefix: 16, reportEvery: 60)
    let (plain, own) = (script.node("node1", image: "a/1"), script.node("node1", image: "a/1", kernel: arguments))
    #expect(plain.contains("\nset consoles console=tty0 console=ttyS0,115200n8\n") && !plain.contains("cluster.args"))
    #expect(
      own.contains("\nset consoles\n")
        && own.contains(" cluster.args=\(arguments.tag ?? "") console=ttyS1,115200 intel_iommu=on head="))
  }

  @Test func newestReportOfAllHeadsCounts() throws {
    let old = Self.report(1, image: "compute/old", age: 40)

    #expect(try Self.drafts(1, ["head1": [Self.report(1)], "head2": [old]]).isEmpty)
    #expect(try Self.drafts(1, ["head1": [old], "head2": [Self.report(1)]]).isEmpty)
  }

  @Test func aSilentNodeIsSwitchedOnButNotCycled() throws {
    let drafts = try Self.drafts(2, ["head1": [Self.report(1, age: 46)], "head2": nil])

    #expect(drafts.map(\.verb) == ["boot-node1", "boot-node2"])
    #expect(drafts.map(\.disruption) == [.none, .none])
    #expect(drafts.map(\.independent) == [true, true])
    for draft in drafts {
      guard let goal = draft.operation.as(EnsureNode.self)?.goal else {
        Issue.record("\(draft.operation)")
        continue
      }
      #expect(!goal.restart)
    }
  }

  @Test func oneThatFailedOrIsStuckIsCycled() throws {
    let reports = [Self.report(1, .failed), Self.report(2, .script, age: 181), Self.report(3, .image, age: 20)]

    let drafts = try Self.drafts(3, ["head1": reports, "head2": []])

    #expect(drafts.map(\.verb) == ["reset-node1", "reset-node2", "boot-node3"])
  }

  /// Anybody can say so of all of them at once, and they may be at work: they are restarted as running nodes are.
  @Test func oneThatWasReadyLatelyIsRestartedWhateverIsSaidOfItSince() throws {
    let reports = [
      Self.report(1, .failed, ready: 3), Self.report(2, .script, age: 181, ready: 400),
      Self.report(3, .image, age: 181, ready: 400, powered: 300), Self.report(4, .failed, at: "10.1.0.10", ready: 20),
    ]

    let drafts = try Self.drafts(4, ["head1": reports, "head2": []])

    #expect(Set(drafts.map(\.verb)) == ["reset-node1", "reset-node2", "reset-node3", "reset-node4"])
    #expect(drafts.last?.verb == "reset-node1")
    #expect(drafts.map(\.disruption).filter { $0 == .reboot }.count == 3)
    // The third was switched off and on by a head since it was ready: it runs nothing that was heard of.
    #expect(drafts.first?.verb == "reset-node3" && drafts.first?.disruption == Step.Disruption.none)
    #expect(drafts.compactMap(\.place?.isAway) == [true, false, false, false])
    for draft in drafts {
      let goal = try #require(draft.operation.as(EnsureNode.self)).goal
      #expect(goal.restart && goal.interrupts == (draft.disruption == .reboot))
    }
  }

  @Test func whatAnotherHeadHasHeardCountsToo() throws {
    func needs(_ other: NodeReport) throws -> [Step.Disruption] {
      try Self.drafts(1, ["head1": [Self.report(1, .failed)], "head2": [other]]).map(\.disruption)
    }
    #expect(try needs(Self.report(1, age: 30)) == [.reboot])
    #expect(try needs(Self.report(1, age: 601)) == [.none])
    #expect(try needs(Self.report(1, .powered, age: 10, ready: 12)) == [.none])
    #expect(try needs(Self.report(1, .image, age: 10, ready: 12, powered: 40)) == [.reboot])
  }

  /// The agent asks its own log again: the plan may be older than what the node says.
  @Test func aNodeThatBecameReadyIsNotCycledWithoutConsent() throws {
    func goal(restart: Bool, interrupts: Bool) -> NodeGoal {
      NodeGoal(
        node: "node1", mac: MACAddress(bits: 1), bmc: nil, image: "compute/new", restart: restart,
        interrupts: interrupts, deadlineSeconds: 600)
    }
    let said = Self.report(1, .failed, ready: 4)
    func refusal(_ goal: NodeGoal, _ report: NodeReport) -> AgentError? { goal.refusal(after: report) { _ in true } }

    #expect(refusal(goal(restart: true, interrupts: false), said)?.code == .conflict)
    #expect(refusal(goal(restart: true, interrupts: true), said) == nil)
    #expect(refusal(goal(restart: false, interrupts: false), said) == nil)
    #expect(refusal(goal(restart: true, interrupts: false), Self.report(1, .failed, ready: 601)) == nil)
  }

  /// The services may have moved in the middle of a run: what this head heard last is old, and the node may be at work.
  @Test func aHeadWithoutTheAddressCyclesNoNode() throws {
    var goal = NodeGoal(
      node: "node1", mac: MACAddress(bits: 1), bmc: nil, image: "compute/new", server: IPv4Address(bits: 10),
      restart: true, deadlineSeconds: 600)
    let said = Self.report(1, .failed, ready: 900)

    let refusal = try #require(goal.refusal(after: said) { _ in false })
    #expect(refusal.message == "node1 reports to 0.0.0.10, which this head does not have: it is not power-cycled")
    #expect(goal.refusal(after: nil) { _ in false } == refusal, "it has heard nothing at all")
    #expect(goal.refusal(after: said) { $0 == IPv4Address(bits: 10) } == nil)
    goal.interrupts = true
    #expect(goal.refusal(after: said) { _ in false } == nil, "somebody has agreed to it")
  }

  /// A run that ended early has switched one of them: it is away, and counts as one that is.
  @Test func oneWhosePowerWasSwitchedIsWaitedForBeforeOthersRestart() throws {
    let running = (1...3).map { Self.report($0, image: "compute/old") }
    func drafts(_ age: Int) throws -> [StepDraft] {
      try Self.drafts(4, ["head1": running + [Self.report(4, .powered, image: nil, age: age)], "head2": []])
    }

    let (waiting, cycling) = (try drafts(20), try drafts(601))

    let restarts = ["restart-node1", "restart-node2", "restart-node3"]
    #expect(waiting.map(\.verb) == ["boot-node4"] + restarts)
    #expect(cycling.map(\.verb) == ["reset-node4"] + restarts)
    #expect(waiting.compactMap(\.place?.isAway) == [true, false, false, false])
  }

  /// Whoever says that it is ready on another image speaks for it: it is away, and is waited for.
  @Test func oneThatWasSwitchedOnIsAwayWhateverIsSaidForIt() throws {
    let reports = [Self.report(1, image: "compute/other", powered: 40), Self.report(2, image: "compute/old")]

    let drafts = try Self.drafts(2, ["head1": reports, "head2": []])

    #expect(drafts.map(\.verb) == ["boot-node1", "restart-node2"])
    #expect(drafts.compactMap(\.place?.isAway) == [true, false])
  }

  @Test func nodesOnAnotherImageRestartAQuarterAtATime() throws {
    let drafts = try Self.drafts(8, ["head1": (1...8).map { Self.report($0, image: "compute/old") }, "head2": []])

    #expect(drafts.map(\.disruption) == Array(repeating: .reboot, count: 8))
    #expect(Set(drafts.map(\.place)) == [Place(in: "nodes", of: 2, isAway: false, atOnce: 256)])
  }

  @Test func smallClustersRestartOneByOne() throws {
    let drafts = try Self.drafts(3, ["head1": (1...3).map { Self.report($0, verified: false) }, "head2": []])

    #expect(drafts.map(\.verb) == ["restart-node1", "restart-node2", "restart-node3"])
    #expect(Set(drafts.map(\.place)) == [Place(in: "nodes", of: 1, isAway: false, atOnce: 256)])
  }

  @Test func nodesThatAreAwayCountAmongThoseThatMayBe() throws {
    let reports = [Self.report(1, age: 400)] + (2...3).map { Self.report($0, image: "compute/old") }

    let drafts = try Self.drafts(3, ["head1": reports, "head2": []])

    #expect(drafts.map(\.verb) == ["boot-node1", "restart-node2", "restart-node3"])
    #expect(drafts.compactMap(\.place?.isAway) == [true, false, false])
  }

  /// A run that took it away has ended a moment ago, and it was heard until then.
  @Test func oneThatWasNotHeardWhenItShouldHaveBeenRestartsFirst() throws {
    let reports = zip(1..., [10, 15, 16, 35]).map { Self.report($0, image: "compute/old", age: $1) }

    let drafts = try Self.drafts(4, ["head1": reports, "head2": []])

    #expect(drafts.map(\.verb) == ["restart-node4", "restart-node3", "restart-node1", "restart-node2"])
  }

  /// A run may have ended while it restarted one of them: it is away still, and another one must not be.
  @Test func nodesThatNobodyHearsRestartBeforeThoseThatRun() throws {
    let reports = [
      Self.report(1, image: "compute/old"), Self.report(2, age: 400, at: "10.1.0.10"),
      Self.report(3, age: 460, at: "10.1.0.10"), Self.report(4, age: 400, at: "10.1.0.10"),
    ]

    let drafts = try Self.drafts(4, ["head1": reports, "head2": []])

    #expect(drafts.map(\.verb) == ["restart-node3", "restart-node2", "restart-node4", "restart-node1"])
  }

  /// They were told it when they booted. Nobody may hear them there any more, so silence does not matter.
  @Test(arguments: [5, 46, 200_000]) func nodesThatReportToAnotherAddressRestart(age: Int) throws {
    let drafts = try Self.drafts(
      4, ["head1": (1...4).map { Self.report($0, age: age, at: $0 == 3 ? "10.1.0.1" : "10.1.0.10") }, "head2": []])

    let moved = drafts.filter { $0.disruption == .reboot }
    #expect(moved.map(\.verb) == ["restart-node1", "restart-node2", "restart-node4"])
    #expect(moved.first?.because == "node1 reports to 10.1.0.10, not to 10.1.0.1")
    #expect(moved.allSatisfy { $0.after == [PacemakerConfigurationKind.id] })
    // The third is silent now and then, and has the right address.
    #expect(drafts.map(\.verb).contains("boot-node3") == (age > 45))
    for goal in moved.compactMap({ $0.operation.as(EnsureNode.self)?.goal }) {
      #expect(goal.restart && goal.server == IPv4Address("10.1.0.1"))
    }
  }

  @Test func anUnknownAddressIsNoReasonToRestart() throws {
    #expect(try Self.drafts(1, ["head1": [Self.report(1)], "head2": []]).isEmpty)
    #expect(try Self.drafts(1, ["head1": [Self.report(1, age: 60)], "head2": []]).map(\.verb) == ["boot-node1"])
  }

  @Test func oneThatCouldNotBootFromAnotherAddressIsCycled() throws {
    let drafts = try Self.drafts(1, ["head1": [Self.report(1, .failed, age: 3, at: "10.1.0.10")], "head2": []])

    #expect(drafts.map(\.verb) == ["reset-node1"] && drafts.map(\.disruption) == [.none])
    #expect(drafts.first?.because == "node1 booted from 10.1.0.10, not from 10.1.0.1")
  }

  /// Seed 13252: they were ready all the same, said so where nobody heard it, and were reset together.
  @Test(arguments: [NodeReport.Stage.powered, .script, .image], [3, 3000])
  func thoseThatBootedWhenTheHeadsWereElsewhereMayBeAtWork(stage: NodeReport.Stage, age: Int) throws {
    let reports = (1...4).map { Self.report($0, stage, age: age, at: "10.1.0.10") }
    let drafts = try Self.drafts(4, ["head1": reports, "head2": []])

    #expect(drafts.map(\.verb) == (1...4).map { "reset-node\($0)" } && Set(drafts.map(\.disruption)) == [.reboot])
    #expect(Set(drafts.map(\.place)) == [Place(in: "nodes", of: 1, isAway: false, atOnce: 256)])
    #expect(drafts.first?.because == "node1 booted when the heads were at 10.1.0.10, not at 10.1.0.1")
  }

  @Test func nodesOfAnotherAddressRestartAQuarterAtATime() throws {
    let drafts = try Self.drafts(8, ["head1": (1...8).map { Self.report($0, at: "10.1.0.10") }, "head2": []])

    #expect(Set(drafts.map(\.place)) == [Place(in: "nodes", of: 2, isAway: false, atOnce: 256)])
  }

  @Test func silenceMeansNothingWhenTheActiveHeadIsSilent() {
    #expect(throws: Unreadable.self) { try Self.drafts(1, ["head1": nil, "head2": []]) }
    #expect(throws: Unreadable.self) { try Self.drafts(1, ["head1": nil, "head2": nil]) }
  }

  /// Finding 1: others may say what they like of a node. It is told, and nothing is done for it.
  @Test func whatOthersSayIsToldAndDecidesNothing() throws {
    var ready = Self.report(1)
    ready.elsewhere = NodeReport.Elsewhere(address: IPv4Address(bits: 77), isPrivileged: true, age: 0)
    #expect(try Self.drafts(1, ["head1": [ready], "head2": []]).isEmpty)

    var alone = Self.report(1, .elsewhere, image: nil, verified: false, age: 0)
    alone.elsewhere = NodeReport.Elsewhere(address: IPv4Address(bits: 1), isPrivileged: false, age: 0)
    let drafts = try Self.drafts(1, ["head1": [alone], "head2": []])
    #expect(drafts.map(\.verb) == ["boot-node1"] && drafts.map(\.disruption) == [.none])
    #expect(drafts.first?.because.contains("does not count") == true)
    // What one head has heard from the node itself is not hidden by what another one has heard of it.
    #expect(try Self.drafts(1, ["head1": [alone], "head2": [Self.report(1, age: 30)]]).isEmpty)
    #expect(try Self.drafts(1, ["head1": [Self.report(1, age: 30)], "head2": [alone]]).isEmpty)
  }

  /// Finding 6: a node at another address than described has not converged.
  @Test func aNodeAtAnotherAddressIsWaitedFor() throws {
    var report = Self.report(1)
    report.address = IPv4Address(bits: 9)

    let drafts = try Self.drafts(1, ["head1": [report], "head2": []])

    #expect(drafts.map(\.verb) == ["boot-node1"] && drafts.map(\.disruption) == [.none])
    #expect(drafts.first?.because.contains("has 0.0.0.9, not 0.0.0.1") == true)
    let goal = try #require(drafts.first?.operation.as(EnsureNode.self)?.goal)
    #expect(!goal.restart && goal.address == IPv4Address(bits: 1))
    guard case .waiting = goal.standing(report, waited: 10) else {
      Issue.record("it is not waited for")
      return
    }
    report.address = IPv4Address(bits: 1)
    guard case .met = goal.standing(report, waited: 10) else {
      Issue.record("it is not taken as it is")
      return
    }
  }

  /// Who lets more time pass between two reports is waited for longer, by everybody who judges them.
  @Test(arguments: [(60, 190), (120, 370), (300, 910)]) func silenceIsMeasuredByTheNodesOwnInterval(
    every: Int, age: Int
  )
    throws
  {
    var report = Self.report(1, age: age)
    report.every = every
    #expect(try Self.drafts(1, ["head1": [report], "head2": []]).isEmpty)
    report.age += 10
    #expect(try Self.drafts(1, ["head1": [report], "head2": []]).map(\.verb) == ["boot-node1"])
    report.every = .max
    #expect(report.silentAfter == 915)
  }

  /// A card that did not get its address fails a unit of the node: who looks at the nodes has to see it.
  @Test func aNodeThatIsReadyTellsOfUnitsThatFailed() throws {
    let cluster = try ExampleTests.example()
    let mac = try #require(cluster.nodes.first?.nics.lazy.compactMap(\.mac).first)
    func detail(_ words: String?) -> String? {
      let report = NodeReport(
        mac: mac, stage: .ready, image: "compute/0123abcd", verified: true, age: 3, uptime: 60, detail: words)
      let inventory = Inventory(
        hosts: ["head1": .knowing(NodeReportsProbe().answered([report]))], observedAt: Self.now)
      var status = StatusReport(cluster: "c", site: "s", lastRun: nil)
      Nodes.tell(&status, cluster, inventory)
      return status.nodes.first { $0.state == .ready }?.detail
    }

    #expect(detail("failed: cluster-links.service") == "it says “failed: cluster-links.service”")
    #expect(detail(nil) == nil)
  }

  /// Finding 19, from a report to the words of a plan and of `status`: no number stops the program, and nothing that
  /// a terminal would obey is left.
  @Test func anyReportIsToldSafely() throws {
    var random = SeededGenerator()
    let alphabet = Array("ab /\u{1b}\u{9b}\u{202e}\n\r\u{0}\u{7f}“”%é[;m").map(String.init)
    func words() -> String {
      (0..<Int.random(in: 0...30, using: &random)).map { _ in alphabet.randomElement(using: &random)! }.joined()
    }
    func number() -> Int {
      [.min, .max, -1, 0, 1, 10, 45, 600, 1200, Int.random(in: .min ... .max, using: &random)].randomElement(
        using: &random)!
    }
    let cluster = try ExampleTests.example()
    let mac = try #require(cluster.nodes.first?.nics.lazy.compactMap(\.mac).first)
    for _ in 0..<2000 {
      let report = NodeReport(
        mac: mac, stage: NodeReport.Stage.allCases.randomElement(using: &random)!,
        image: Bool.random(using: &random) ? "compute/0123abcd" : nil, verified: Bool.random(using: &random),
        age: max(0, number()), uptime: number(), detail: words(), server: nil, readyAge: max(0, number()),
        poweredAge: max(0, number()), address: IPv4Address(bits: 5), every: number(),
        elsewhere: .init(address: IPv4Address(bits: 6), isPrivileged: true, age: max(0, number())))
      var row = Self.row(1)
      row.mac = mac
      let inventory = Inventory(
        hosts: ["head1": .knowing(NodeReportsProbe().answered([report]))], observedAt: Self.now)
      var status = StatusReport(cluster: "c", site: "s", lastRun: nil)
      Nodes.tell(&status, cluster, inventory)
      let goal = NodeGoal(node: "node1", mac: mac, bmc: nil, image: "compute/1", restart: true, deadlineSeconds: 600)
      var told = status.nodes.compactMap(\.detail) + ["\(goal.standing(report, waited: 5))"]
      if let need = NodesKind.need(row, report, at: nil) { told.append("\(need)") }
      for text in told { #expect(text == text.visibleLine) }
    }
  }
}
