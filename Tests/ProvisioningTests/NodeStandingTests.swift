// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Wings

/// What a node's reports mean to the run that waits for it.
@Suite struct NodeStandingTests {
  private static let goal = NodeGoal(
    node: "node1", mac: MACAddress(bits: 1), bmc: nil, image: "compute/new", server: IPv4Address("10.1.0.1"),
    restart: true, deadlineSeconds: 600)

  private static func report(
    _ stage: NodeReport.Stage, age: Int, image: String? = "compute/new", verified: Bool = true,
    at server: String? = nil, uptime: Int? = 20,
    powered: Int? = nil
  ) -> NodeReport {
    NodeReport(
      mac: goal.mac, stage: stage, image: image, verified: verified, age: age, uptime: stage == .ready ? uptime : nil,
      server: server.flatMap { IPv4Address($0) }, poweredAge: powered)
  }

  private static func code(_ report: NodeReport?, waited: Int) -> AgentError.Code? {
    if case .failed(let error) = goal.standing(report, waited: waited) { error.code } else { nil }
  }

  private static func wait(_ report: NodeReport?, waited: Int) -> Wait? {
    if case .waiting(let wait) = goal.standing(report, waited: waited) { wait } else { nil }
  }

  @Test func readyOnItsImageIsWhatIsWaitedFor() {
    #expect(
      Self.goal.standing(Self.report(.ready, age: 3, powered: 60), waited: 58) == .met("node1 ready on compute/new"))
    #expect(Self.wait(Self.report(.ready, age: 46), waited: 10)?.left == 590)
  }

  /// Each stage has its own patience, from when it was seen.
  @Test(arguments: [(NodeReport.Stage.powered, 600), (.dhcp, 180), (.script, 180), (.image, 180)])
  func eachStageHasItsTime(stage: NodeReport.Stage, patience: Int) {
    #expect(Self.wait(Self.report(stage, age: 20), waited: 40)?.left == patience - 20)
    #expect(Self.wait(Self.report(stage, age: 20), waited: 40)?.age == 20)
    #expect(Self.code(Self.report(stage, age: patience), waited: patience) == .nodeSilent)
  }

  /// A node that begins its boot again and again gets nowhere.
  @Test func theWholeWayHasItsTimeToo() {
    #expect(Self.wait(Self.report(.script, age: 2), waited: 1139)?.left == 1)
    #expect(Self.code(Self.report(.script, age: 2), waited: 1140) == .nodeSilent)
  }

  @Test func whatWasSaidBeforeItsPowerWasSwitchedDoesNotCount() {
    #expect(Self.wait(Self.report(.failed, age: 300), waited: 10)?.seen == "node1: is failed still")
    #expect(Self.code(Self.report(.failed, age: 3), waited: 10) == .imageCorrupt)
    #expect(Self.code(Self.report(.failed, age: 3, powered: 9), waited: 0) == .imageCorrupt)
    #expect(Self.wait(Self.report(.failed, age: 3, powered: 9000), waited: 0) != nil)
  }

  /// Somebody else reports for a node that was switched off and on a moment ago, or its last words come late.
  @Test func onlyTheBootThatWasBegunCounts() {
    for uptime in [nil, 9000] {
      let wait = Self.wait(Self.report(.ready, age: 1, uptime: uptime, powered: 40), waited: 38)
      #expect(wait?.seen == "node1: reports for another boot than this one")
    }
    #expect(Self.goal.standing(Self.report(.ready, age: 1, uptime: 30, powered: 40), waited: 38).isMet)
  }

  @Test func anotherImageEndsTheWait() {
    #expect(Self.code(Self.report(.ready, age: 1, image: "compute/old"), waited: 20) == .nodeWrongImage)
    #expect(Self.code(Self.report(.ready, age: 1, verified: false), waited: 20) == .imageCorrupt)
  }

  @Test func oneThatReportsElsewhereIsNotReady() {
    let wait = Self.wait(Self.report(.ready, age: 1, at: "10.1.0.10"), waited: 20)
    #expect(wait == Wait(seen: "node1: reports to 10.1.0.10, not to 10.1.0.1", age: 20, left: 580))
    #expect(Self.code(Self.report(.ready, age: 1, at: "10.1.0.10"), waited: 600) == .nodeSilent)
  }

  @Test func silenceIsGivenUp() {
    #expect(Self.wait(nil, waited: 599)?.left == 1)
    #expect(Self.code(nil, waited: 600) == .nodeSilent)
  }

  @Test func aReportIsFoundAmongMany() {
    let reports = (1...1000).map { number in
      NodeReport(
        mac: MACAddress(bits: UInt64(number * 2)), stage: .ready, image: nil, verified: true, age: number, uptime: nil)
    }
    #expect(reports.report(of: MACAddress(bits: 4))?.age == 2)
    #expect(reports.report(of: MACAddress(bits: 2000))?.age == 1000)
    #expect(reports.report(of: MACAddress(bits: 5)) == nil)
    #expect([NodeReport]().report(of: MACAddress(bits: 5)) == nil)
  }
}

extension ClusterModel.Expectation.Standing {
  fileprivate var isMet: Bool { if case .met = self { true } else { false } }
}
