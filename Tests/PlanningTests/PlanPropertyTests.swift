// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import TestKit
import Testing

@testable import Planning

/// What must hold for any desired state. A failure names its seed.
@Suite struct PlanPropertyTests {
  /// Texts and services on two heads, each after some of those before it.
  private func resources(_ count: Int, text: String, using random: inout SeededGenerator) -> [Resource] {
    var desired: [Resource] = []
    for number in 0..<count {
      let host: HostID = Bool.random(using: &random) ? "head1" : "head2"
      let after = desired.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }.map(\.id)
      if Bool.random(using: &random) {
        desired.append(.text(host, "/\(number)", "\(text) \(number)", after: after))
      } else {
        let files = desired.filter { $0.id.kind == "text" && $0.id.host == host }.map(\.id.name)
        let read = files.filter { _ in Bool.random(using: &random) }
        desired.append(.service(host, "\(number).service", reading: read, after: after))
      }
    }
    return desired
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>) func planningAgainAfterTheStepsFindsNothing(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var world = SmallWorld("head1", "head2")
    let count = Int.random(in: 0...40, using: &random)
    let desired = resources(count, text: "one", using: &random)

    let plan = try world.plan(desired.shuffled(using: &random))
    world.perform(plan)

    #expect(try world.plan(desired).isClean)
    #expect(PlanChecks.problems(plan).isEmpty)
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>) func aRunMayDieAnywhere(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var world = SmallWorld("head1", "head2")
    let before = resources(20, text: "one", using: &random)
    let after = before.shuffled(using: &random).prefix(10).map { resource in
      resource.id.kind == "text"
        ? Resource.text(resource.id.host ?? "head1", resource.id.name, "two", after: []) : resource
    }
    let kept = Set(after.map(\.id))
    let desired = after.map { resource in
      var resource = resource
      resource.after.removeAll { !kept.contains($0) }
      return resource
    }
    world.perform(try world.plan(before))

    for _ in 0..<50 {
      let plan = try world.plan(desired, previously: before.map(\.managed))
      if plan.steps.isEmpty { break }
      world.perform(plan, atMost: Int.random(in: 1...3, using: &random))
    }

    #expect(try world.plan(desired, previously: before.map(\.managed)).isClean)
    let files = world.machines.values.flatMap(\.files.keys).sorted()
    #expect(files == desired.filter { $0.id.kind == "text" }.map(\.id.name).sorted())
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>) func theSameArgumentsGiveTheSamePlan(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let desired = resources(30, text: "one", using: &random)

    let digests = try (0..<3).map { _ in try SmallWorld("head1", "head2").plan(desired).digest }

    #expect(Set(digests).count == 1)
  }

  @Test func aLongChainNeedsNoDeepStack() throws {
    var desired: [Resource] = []
    for number in 0..<20_000 {
      desired.append(.text("head1", "/\(number)", "x", after: desired.last.map { [$0.id] } ?? []))
    }

    let plan = try SmallWorld("head1", "head2").plan(desired.reversed())

    #expect(plan.steps.count == 20_000)
  }
}
