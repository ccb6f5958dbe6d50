// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import TestKit
import Testing
import Wings

@testable import Planning

/// A plan as it is printed, in every format and size.
@Suite struct PlanReviewTests {
  static func review(_ plan: Plan, ceiling: Step.Disruption? = nil, past: PastDurations = PastDurations()) -> PlanReview
  {
    PlanReview(
      plan, forecast: PlanForecast(plan, ForecastTests.basis(past: past)),
      undo: UndoAdvice(lastRun: "20260301-101500-ab12"), ceiling: ceiling)
  }

  /// A new configuration for a service on both heads, and nodes that have to take up another image.
  static var rollout: Plan {
    var plan = Plan(steps: [])
    for host: HostID in ["head1", "head2"] {
      plan.steps += [
        .sample(
          "file@\(host):/etc/dnsmasq.conf/write", on: host,
          EnsureFile(FileGoal(path: "/etc/dnsmasq.conf", contents: .text("a"))), line: 12,
          changes: ["@@ -1,2 +1,2 @@", " domain=alps", "-cache-size=150", "+cache-size=1000"]),
        .sample(
          "unit@\(host):dnsmasq.service/restart", on: host, EnsureUnit.restart("dnsmasq.service"), line: 12,
          after: ["file@\(host):/etc/dnsmasq.conf/write"], disruption: .restart),
      ]
    }
    plan.steps += SyntheticPlan.restarts(4, atOnce: 1, after: "unit@head2:dnsmasq.service/restart")
    return plan
  }

  @Test func textForPeople() {
    let past = PastDurations(
      (0..<7).map {
        StepDuration(
          step: StepID("unit@head1:dnsmasq.service/restart"), operation: "ensureUnit", host: "head1",
          seconds: 0.3 + Double($0) / 100)
      })
    expectGolden(
      PlanText(Self.review(Self.rollout, ceiling: .restart, past: past), colour: false).text,
      at: "cases/rollout/plan.txt")
  }

  @Test func markdownForPullRequests() {
    expectGolden(PlanMarkdown(Self.review(Self.rollout)).markdown, at: "cases/rollout/plan.md")
  }

  @Test func yamlForPrograms() { expectGolden(Self.review(Self.rollout).yaml, at: "cases/rollout/plan.yaml") }
  @Test func jsonForPrograms() { expectGolden(Self.review(Self.rollout).json, at: "cases/rollout/plan.json") }

  @Test func tenThousandNodesFitAScreenOrTwo() {
    let plan = Plan(steps: SyntheticPlan.restarts(10_000, atOnce: 2500, after: nil))
    let text = PlanText(Self.review(plan), colour: false).text
    #expect(text.lineCount <= PlanText.mostLines)
    expectGolden(text, at: "cases/ten-thousand-nodes/plan.txt")
  }

  @Test func fiveHundredDifferentStepsFitToo() {
    let review = Self.review(Plan(steps: SyntheticPlan.files(500)))
    let text = PlanText(review, colour: false).text
    #expect(text.lineCount <= PlanText.mostLines)
    expectGolden(text, at: "cases/five-hundred-steps/plan.txt")
  }

  /// Whatever the plan, the short text says truly how much more the full one has.
  @Test(arguments: [1, 5, 12, 20, 30, 40, 60, 100, 2000])
  func theNumberOfMissingLinesIsTrue(_ steps: Int) {
    let review = Self.review(Plan(steps: SyntheticPlan.files(steps)))
    let short = PlanText(review, colour: false).text
    let full = PlanText(review, colour: false, full: true).text
    #expect(short.lineCount <= PlanText.mostLines)
    if short == full { return }
    let last = short.split(separator: "\n").last ?? ""
    #expect(last == "--full shows \(full.lineCount - (short.lineCount - 2)) more lines.")
  }

  @Test func aHugeCommentCanStillBePosted() {
    let markdown = PlanMarkdown(Self.review(Plan(steps: SyntheticPlan.files(3000)))).markdown
    #expect(markdown.utf8.count < 65_536)
    #expect(markdown.contains("3000 steps"))
  }

  @Test func markdownOfAStepCannotBreakOut() {
    let step = Step.sample(
      "a", on: "head1", EnsureFile(FileGoal(path: "/etc/`x`", contents: .text("a"))),
      because: "<b>@all</b> | *x*", changes: ["+```", "+</details>"])
    let markdown = PlanMarkdown(Self.review(Plan(steps: [step]))).markdown
    #expect(markdown.contains("````diff"))
    #expect(markdown.contains("`` write /etc/`x` ``"))
    #expect(markdown.contains("&lt;b&gt;&#64;all&lt;/b&gt; \\| \\*x\\*"))
  }
}

extension String {
  var lineCount: Int { split(separator: "\n", omittingEmptySubsequences: false).count - 1 }
}

extension EnsureUnit {
  static func restart(_ unit: String) -> EnsureUnit { EnsureUnit(UnitGoal(name: unit, enabled: nil, active: true)) }
}

extension Step {
  static func sample(
    _ id: String, on host: HostID, _ operation: some HostOperation, line: Int = 1, after: [String] = [],
    disruption: Disruption = .none, because: String = "it differs", changes: [String] = [], destructive: Bool = false
  ) -> Step {
    let name = id.split(separator: ":", maxSplits: 1).last.map(String.init) ?? id
    let resource = ResourceID("sample", on: host, name)
    return Step(
      id: StepID(id), resource: resource, host: host, operation: AnyOperation(operation),
      after: after.map { StepID($0) },
      disruption: disruption, because: because, source: .line(line), changes: changes, destructive: destructive)
  }
}

/// Large plans, made by counting.
enum SyntheticPlan {
  static func restarts(_ count: Int, atOnce: Int, after first: String?) -> [Step] {
    (1...count).map { number in
      let name = "node\(String(repeating: "0", count: 5 - String(number).count))\(number)"
      let goal = NodeGoal(
        node: HostID(name), mac: MACAddress(bits: UInt64(number)), bmc: nil, image: "compute/1a2b", restart: true,
        deadlineSeconds: 300)
      var step = Step.sample(
        "nodes:all/restart-\(number)", on: "head1", EnsureNode(goal), line: 46, after: first.map { [$0] } ?? [],
        disruption: .reboot,
        because: "\(name) runs compute/0000, not compute/1a2b")
      step.place = Place(in: "nodes", of: atOnce, isAway: false)
      return step
    }
  }

  /// Files that all differ, and each waits for one further up.
  static func files(_ count: Int) -> [Step] {
    (0..<count).map { number in
      .sample(
        "file@head\(number % 2 + 1):/etc/\(number)/write", on: HostID("head\(number % 2 + 1)"),
        EnsureFile(FileGoal(path: "/etc/\(number)", contents: .text("a"))), line: number,
        after: number > 5 ? ["file@head\((number - 5) % 2 + 1):/etc/\(number - 5)/write"] : [],
        changes: ["@@ -1,1 +1,1 @@", "-old \(number)", "+new \(number)"])
    }
  }
}
