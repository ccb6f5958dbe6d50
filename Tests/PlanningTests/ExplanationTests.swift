// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import TestKit
import Testing

@testable import Planning

/// `cluster explain` of a step or a resource.
@Suite struct ExplanationTests {
  private static let spec = SourceText(
    file: "cluster.yaml",
    bytes: Array(((1...20).map { "  line\($0): value" }.joined(separator: "\n") + "\n").utf8))

  @Test func aStepIsToldInFull() throws {
    let plan = PlanReviewTests.rollout
    let lines = try #require(
      Explanation(plan, spec: Self.spec).lines("unit@head2:dnsmasq.service/restart", desired: []))
    expectGolden(lines.joined(separator: "\n") + "\n", at: "cases/explained/step.txt")
  }

  @Test func aResourceIsToldWithItsStepsAndWhatBlocksIt() throws {
    let near = Resource.text("head1", "/near", "x", after: [ResourceID("text", on: "head2", "/far")])
    let desired = [Resource.text("head1", "/a", "1\n", line: 4), .text("head2", "/far", "x"), near]
    var world = SmallWorld("head1", "head2")
    world.silent = ["head2"]
    let explanation = Explanation(try world.plan(desired), spec: Self.spec)
    let lines = try ["text@head1:/a", "text@head1:/near", "text@head2:/far"].flatMap {
      try #require(explanation.lines($0, desired: desired))
    }
    expectGolden(lines.joined(separator: "\n") + "\n", at: "cases/explained/resource.txt")
  }

  @Test func whatIsAsDescribedIsToldToo() throws {
    let desired = [Resource.text("head1", "/a", "1", line: 4)]
    let explanation = Explanation(Plan(), spec: Self.spec) { _ in (1...30).map { "head1: fact \($0)" } }
    let lines = try #require(explanation.lines("text@head1:/a", desired: desired))
    expectGolden(lines.joined(separator: "\n") + "\n", at: "cases/explained/clean.txt")
  }

  @Test func nearMissesAreSuggested() {
    let desired = [Resource.text("head1", "/etc/hosts", "1")]
    let explanation = Explanation(Plan(), spec: Self.spec)
    #expect(explanation.lines("text@head1:/etc/host", desired: desired) == nil)
    #expect(explanation.near("text@head1:/etc/host", desired: desired) == ["text@head1:/etc/hosts"])
    #expect(explanation.near("/etc/hosts", desired: desired) == ["text@head1:/etc/hosts"])
  }
}
