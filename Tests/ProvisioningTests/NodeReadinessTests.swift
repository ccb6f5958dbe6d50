// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import AgentServer
@testable import Wings

/// What the checks that a node runs by itself mean to plans and to the run that waits for it.
@Suite struct NodeReadinessTests {
  private static let tag = "0123456789abcdef"
  private static let munge = CheckID("munge", "local")

  private static var goal: NodeGoal {
    var goal = NodeGoal(
      node: "node1", mac: BootLogTests.mac, bmc: nil, image: "compute/new", restart: true, deadlineSeconds: 600)
    goal.readiness = NodeReadiness(tag: tag, advice: ["munge/local": "See `systemctl status munge`."])
    return goal
  }

  private static func report(_ checked: NodeReport.Checked?, uptime: Int? = 20, age: Int = 2) -> NodeReport {
    var report = NodeReport(
      mac: goal.mac, stage: .ready, image: "compute/new", verified: true, age: age, uptime: uptime)
    report.checked = checked
    return report
  }

  private static func wait(_ report: NodeReport, waited: Int) -> Wait? {
    if case .waiting(let wait) = goal.standing(report, waited: waited) { wait } else { nil }
  }

  private static func error(_ report: NodeReport, waited: Int) -> AgentError? {
    if case .failed(let error) = goal.standing(report, waited: waited) { error } else { nil }
  }

  @Test func onlyTheListThatIsWantedAndPassedIsReady() {
    #expect(Self.goal.standing(Self.report(.init(tag: Self.tag)), waited: 20).isReady)
    #expect(
      Self.wait(Self.report(nil), waited: 20)?.seen == "node1 is up, and has not said how its checks end",
      "unknown is not ready")
    #expect(
      Self.wait(Self.report(.init(tag: NodeReadiness.nothing)), waited: 20)?.seen
        == "node1 is up, and has passed other checks than the heads have for it")
    let failing = Self.wait(Self.report(.init(tag: Self.tag, failing: [Self.munge])), waited: 20)
    #expect(failing?.seen == "node1 is up, and munge/local does not pass")
    #expect(failing?.left == NodeReadiness.afterBoot - 22)
  }

  /// After its boot it has time; later it has little; whatever it says of its age, it has an end.
  @Test func theWaitIsBounded() throws {
    let failing = NodeReport.Checked(tag: Self.tag, failing: [Self.munge])
    #expect(Self.wait(Self.report(failing, uptime: 90_000), waited: 0)?.left == NodeReadiness.least)
    var late = Self.report(failing, uptime: 90_000)
    late.detail = "munge/local status 1\u{1b}[31m"
    let error = try #require(Self.error(late, waited: NodeReadiness.least))
    #expect(
      error.code == .checkFailed && error.message == "node1 is up, and munge/local does not pass, so it is not ready")
    #expect(error.cause?.contains("it says “munge/local status 1") == true && error.cause?.contains("\u{1b}") == false)
    #expect(
      error.next == "See `systemctl status munge`. `cluster test munge/local --on node1` runs it again.",
      "\(error.next)")
    #expect(Self.error(Self.report(failing, uptime: 0), waited: 1200) != nil)
    #expect(Self.error(Self.report(failing, uptime: nil), waited: 1200) != nil)
  }

  /// Before Pacemaker has its configuration no head runs what a check may ask, and a standby takes minutes to install.
  @Test func itIsWaitedForWhileTheHeadsServicesComeUp() {
    var goal = Self.goal
    goal.readiness?.isEarly = true
    let failing = Self.report(.init(tag: Self.tag, failing: [Self.munge]), uptime: 900)
    guard case .waiting(let wait) = goal.standing(failing, waited: 930) else {
      Issue.record("\(goal.standing(failing, waited: 930))")
      return
    }
    #expect(wait.left == 210)
    #expect(goal.standing(failing, waited: 1140).isReady == false && Self.error(failing, waited: 1140) != nil)
  }

  /// Its services take up what it has just been given: a disk is made in that time.
  @Test func itIsWaitedForAfterARefreshAsAfterABoot() {
    var goal = Self.goal
    goal.readiness?.isRefreshed = true
    let failing = Self.report(.init(tag: Self.tag, failing: [Self.munge]), uptime: 90_000)
    guard case .waiting(let wait) = goal.standing(failing, waited: NodeReadiness.least + 10) else {
      Issue.record("\(goal.standing(failing, waited: NodeReadiness.least + 10))")
      return
    }
    #expect(wait.left == NodeReadiness.afterBoot - NodeReadiness.least - 10)
    guard case .failed = goal.standing(failing, waited: NodeReadiness.afterBoot) else {
      Issue.record("it is waited for without an end")
      return
    }
  }

  @Test func aNodeWithoutChecksIsNotAsked() {
    var goal = Self.goal
    goal.readiness = nil
    #expect(goal.standing(Self.report(nil), waited: 3).isReady)
    #expect(goal.standing(Self.report(.init(tag: Self.tag, failing: [Self.munge])), waited: 3).isReady)
  }

  private static func need(_ checked: NodeReport.Checked?, wanted: String? = tag) -> String? {
    var row = NodesKind.Row(
      name: "node1", mac: goal.mac, address: IPv4Address(bits: 1), bmc: nil, image: "compute/new")
    row.checks = wanted
    guard let need = NodesKind.need(row, report(checked), at: nil) else { return nil }
    guard case .checks(let reason) = need else { return "\(need)" }
    return reason
  }

  /// It is waited for and not cycled; one that passed another list fetches this one while it runs.
  @Test func aNodeThatIsUpAndNotReadyIsWaitedFor() {
    #expect(Self.need(.init(tag: Self.tag)) == nil)
    #expect(Self.need(.init(tag: NodeReadiness.nothing)) == nil)
    #expect(Self.need(nil) == "node1 is up, and has not said how its checks end")
    #expect(Self.need(.init(tag: Self.tag, failing: [Self.munge])) == "node1 is up, and munge/local does not pass")
    #expect(Self.need(nil, wanted: nil) == nil)
  }

  /// What it gets live may be what its checks miss. It is on nobody's way but its own.
  @Test func itsChecksAreWaitedForWhenItHasWhatTheHeadsHave() throws {
    func after(_ checked: NodeReport.Checked?, _ stage: NodeReport.Stage = .ready) throws -> [[ResourceID]] {
      var row = NodesKind.Row(
        name: "node1", mac: Self.goal.mac, address: IPv4Address(bits: 1), bmc: nil, image: "compute/new")
      row.checks = Self.tag
      var heard = Self.report(checked)
      heard.stage = stage
      let desired = NodesKind.Desired(heads: ["head1"], nodes: [row])
      let answers = Answers(
        Inventory(hosts: ["head1": .knowing(NodeReportsProbe().answered([heard]))], observedAt: 0), uninstalled: [])
      let context = PlanContext(answers: answers, activeHead: "head1", changing: [], now: 0)
      return try NodesKind.steps(
        NodesKind.id, desired, try NodesKind.interpret(NodesKind.id, desired, answers), context
      ).map(\.after)
    }
    let failing = NodeReport.Checked(tag: Self.tag, failing: [Self.munge])
    #expect(try after(failing) == [[NodeRefreshKind.id]])
    #expect(try after(failing, .failed) == [[]])
    #expect(try after(.init(tag: Self.tag)).isEmpty)
  }

  private static func heard(_ words: String) -> NodeReport? {
    let line = BootLogTests.line(
      "1700000010.000", "10.1.1.1", "/report",
      "mac=52:54:00:11:00:01&event=ready&image=compute%2fabc&verified=yes&uptime=9&\(words)", status: 204)
    return BootLog.reports(in: line[...], BootLogTests.known, now: 1_700_000_020).first
  }

  @Test func whatANodeSaysOfItsChecksIsNamesAndNothingElse() {
    #expect(Self.heard("checks=\(Self.tag)")?.checked == .init(tag: Self.tag))
    #expect(Self.heard("checks=\(Self.tag)&unready=")?.checked == .init(tag: Self.tag))
    #expect(
      Self.heard("checks=\(Self.tag)&unready=munge%2flocal,a%2fb")?.checked
        == .init(tag: Self.tag, failing: [Self.munge, CheckID("a", "b")]))
    // Who says that something does not pass, and not what, has not passed; and a tag is a tag.
    for words in [
      "checks=\(Self.tag)&unready=munge", "checks=\(Self.tag)&unready=munge%2flocal,",
      "checks=\(Self.tag)&unready=a%2fb%2fc", "checks=\(Self.tag)&unready=a%2f%1b%5b31m",
      "checks=\(Self.tag)&unready=" + Array(repeating: "a%2fb", count: 9).joined(separator: ","),
      "checks=\(Self.tag)&unready=a%2f" + String(repeating: "b", count: 64), "checks=0123", "checks=\(Self.tag)0",
      "unready=munge%2flocal", "checks=",
    ] {
      let report = Self.heard(words)
      #expect(report?.stage == .ready && report?.checked == nil, "\(words)")
    }
  }
}

extension ClusterModel.Expectation.Standing {
  fileprivate var isReady: Bool { if case .met = self { true } else { false } }
}
