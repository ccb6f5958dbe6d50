// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import TestKit
import Testing
import Wings

@testable import Planning

@Suite struct PlanTextTests {
  private func text(_ plan: Plan, colour: Bool = false) -> String {
    PlanText(plan, colour: colour).text
  }

  /// A bit of everything that a plan can hold.
  private func plan() throws -> Plan {
    let before: [Resource] = [
      .text("head1", "/etc/a.conf", (1...30).map { "line \($0)\n" }.joined()),
      .service("head1", "a.service", reading: ["/etc/a.conf"]), .text("head1", "/etc/old.conf", "gone\n"),
    ]
    var world = SmallWorld("head1", "head2")
    world.perform(try world.plan(before))
    world.silent = ["head2"]
    let desired: [Resource] = [
      .text("head1", "/etc/a.conf", (1...30).map { $0 % 9 == 0 ? "LINE \($0)\n" : "line \($0)\n" }.joined(), line: 12),
      .service("head1", "a.service", reading: ["/etc/a.conf"]), .text("head2", "/etc/far.conf", "x\n", line: 14),
      .text("head1", "/etc/near.conf", "x\n", after: [ResourceID("text", on: "head2", "/etc/far.conf")]),
    ]
    var plan = try world.plan(desired, previously: before.map(\.managed))
    for number in 1...4 {
      let goal = NodeGoal(
        node: HostID("node00\(number)"), mac: MACAddress(bits: UInt64(number)), bmc: nil, image: "compute/1a2b",
        restart: true, deadlineSeconds: 300)
      plan.steps.append(
        Step(
          id: StepID("nodes:compute/boot-\(number)"), resource: ResourceID("nodes", "compute"), host: "head1",
          operation: AnyOperation(EnsureNode(goal)), after: [plan.steps[0].id], disruption: .reboot,
          because: "node00\(number) runs compute/0000", source: .line(40), changes: [], destructive: false))
    }
    return plan
  }

  @Test func showsSummaryHostsReasonsAndWhatIsBlocked() throws {
    expectGolden(text(try plan()), at: "cases/everything/plan.txt")
  }

  @Test func showsTheSameToPrograms() throws {
    expectGolden(try plan().json, at: "cases/everything/plan.json")
  }

  @Test func aCleanPlanIsOneLine() {
    #expect(text(Plan()) == "No changes. Everything is as the spec describes it.\n")
  }

  @Test func coloursOnlyWhenTold() throws {
    #expect(!text(try plan()).contains("\u{1b}"))
    #expect(text(try plan(), colour: true).contains("\u{1b}[31m"))
  }
}
