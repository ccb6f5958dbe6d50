// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Foundation
import Simulator
import Testing
import Wings

@testable import Reconciler

/// Checks of the kind `ready`, from the files of a set to nodes that are ready by them.
@Suite struct ReadyChecksTests {
  private static func check(_ more: String = "", run: String = "run: [probe]") -> String {
    "summary: It works.\n\(run)\non: each node\nkind: ready\n\(more)"
  }

  private static func text(_ list: ReadyChecks.List?) -> String? {
    guard case .text(let text)? = list?.files.last?.contents else { return nil }
    return text
  }

  @Test func withoutSuchChecksThereIsNothing() throws {
    let sets = try CheckedSets([
      "a/tests/one.yaml": "summary: It works.\nrun: [probe]\non: each node\n",
      "a/tests/two.yaml": "summary: It works.\nrun: [probe]\non: heads\nkind: ready\n",
    ])
    let checks = ReadyChecks(sets.cluster)
    #expect(checks.lists.isEmpty && checks.advice == nil && checks.liveFiles(sets.cluster).isEmpty)
  }

  /// Words go as they are, each check after what it needs, the script beside the list.
  @Test func nodesGetOneListWithWhatItRuns() throws {
    let sets = try CheckedSets([
      "a/tests/one.yaml": Self.check("needs: [two]\ntimeout: 4s\nremediation: Look at it.\n"),
      "a/tests/two.yaml": Self.check(
        "expect: { status: 3 }\n", run: "script: data/two\narguments: [\"a b\", \"$(c)\\\\d\\ne\", \"{{ set.port }}\"]"),
      "a/tests/data/two": "#!/bin/sh\nexit 3\n",
    ])
    #expect(sets.problems == [])
    let checks = ReadyChecks(sets.cluster)
    let files = checks.liveFiles(sets.cluster)
    #expect(
      files.own.isEmpty && files.common.map(\.path) == ["/usr/lib/cluster/ready/a/two", "/var/lib/cluster/ready"])
    #expect(files.common.map(\.mode) == [0o755, 0o644] && files.common.allSatisfy { $0.live == .nothing })
    let tag = try #require(checks.lists["node003"]?.tag)
    #expect(
      Self.text(checks.lists["node003"]) == """
        ready \(tag)
        check a/two 10 3\u{20}
        word /usr/lib/cluster/ready/a/two
        word a b
        word $(c)\\\\d\\ne
        word 80
        end
        check a/one 4 0 a/two
        word probe
        end

        """)
    #expect(checks.advice == ["a/one": "Look at it."])
  }

  @Test func wordsOfTheMachineAreItsOwn() throws {
    let sets = try CheckedSets(["a/tests/one.yaml": Self.check(run: "run: [probe, \"{{ machine.name }}\"]")])
    let files = ReadyChecks(sets.cluster).liveFiles(sets.cluster)
    #expect(files.common.isEmpty && files.own.count == 4)
    guard case .text(let text)? = files.own["node002"]?.last?.contents else {
      Issue.record("node002 has no list")
      return
    }
    #expect(text.contains("\nword node002\n"))
  }

  @Test func whatItNeedsNodesHaveToRunToo() throws {
    let sets = try CheckedSets([
      "a/tests/one.yaml": Self.check("needs: [two]\n"),
      "a/tests/two.yaml": "summary: It works.\nrun: [probe]\non: each node\n",
    ])
    #expect(
      sets.problems == [
        "spec.check-ready packages/a/tests/one.yaml:5:9: Nodes run `a/one` by themselves, and not `a/two`, which it needs."
      ])
  }

  // MARK: On machines in memory

  private static func site(_ change: @escaping @Sendable (inout FakeWorld) -> Void = { _ in }) async throws -> FakeSite
  {
    let site = try await FakeSite()
    let folder = site.folder.appending(path: "packages/probe/tests")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data("summary: A probe.\n".utf8).write(to: folder.deletingLastPathComponent().appending(path: "set.yaml"))
    try Data(Self.check("remediation: Mend the probe.\n").utf8).write(to: folder.appending(path: "up.yaml"))
    try site.edit("\nheads:\n", "\npackages: { probe: }\nheads:\n")
    await site.machines.change(change)
    return site
  }

  private static func apply(_ site: FakeSite, _ run: String) async throws -> Applied {
    try ErrandTests.applied(
      try await site.reconciler().converge(
        RunRequest(run: run), consent: { _ async throws(ReconcileError) in true }, events: { _ in }))
  }

  private static func ofNodes(_ plan: Plan) -> [Step] { plan.steps.filter { $0.resource == NodesKind.id } }

  private static func result(_ applied: Applied, _ step: String) -> StepReport.Result? {
    applied.outcome.steps.first { $0.step.description.contains(step) }?.result
  }

  @Test func aNodeWhoseCheckFailsIsNotReadyAndTold() async throws {
    let site = try await Self.site {
      $0.checkAnswers["node002"] = ["probe/up": FakeCheckAnswer(status: 1)]
    }

    let applied = try await Self.apply(site, "first")

    #expect(!applied.isConverged)
    guard case .failed(let error)? = Self.result(applied, "boot-node002") else {
      Issue.record("\(applied.outcome.steps.map { ($0.step, $0.result) })")
      return
    }
    #expect(error.code == .checkFailed && error.message.contains("node002 is up, and probe/up does not pass"))
    #expect(error.next.contains("Mend the probe."))
    let status = try await site.reconciler().status()
    #expect(status.nodes.map(\.state) == [.ready, .unready, .ready, .ready])
    #expect(status.nodes[1].detail?.contains("probe/up does not pass") == true)
    #expect(status.nodes[1].detail?.contains("Mend the probe.") == true)
    let steps = Self.ofNodes(try await site.reconciler().propose().plan)
    #expect(steps.map(\.because) == ["nodes run their image: node002 is up, and probe/up does not pass"])
    #expect(steps.map(\.disruption) == [.none])

    await site.machines.change { $0.checkAnswers = [:] }
    #expect(Self.ofNodes(try await site.reconciler().propose().plan).isEmpty)
    #expect(try await Self.apply(site, "second").isConverged)
  }

  /// The first of the wave keeps its place, and the others keep what they run.
  @Test func aRollStopsWhereChecksDoNotPass() async throws {
    let site = try await Self.site()
    #expect(try await Self.apply(site, "first").isConverged)
    let before = await site.machines.world.nodes.mapValues(\.image)
    await site.machines.change { $0.checkAnswers = ["node001": ["probe/up": FakeCheckAnswer(status: 1)]] }
    try site.edit("[hwloc-nox, numactl]", "[hwloc-nox, numactl, tree]")

    let applied = try await Self.apply(site, "second")

    let images = await site.machines.world.nodes.mapValues(\.image)
    #expect(!applied.isConverged && images["node001"] != before["node001"])
    for node in ["node002", "node003", "node004"] {
      #expect(images[HostID(node)] == before[HostID(node)], "\(node)")
      guard case .blocked(let by)? = Self.result(applied, "restart-\(node)") else {
        Issue.record("\(node): \(applied.outcome.steps.map { ($0.step, $0.result) })")
        continue
      }
      #expect(by.description.contains("restart-node001"), "\(by)")
    }
  }

  /// Another check restarts no node, and is run where it arrives.
  @Test func anotherCheckReachesNodesThatRun() async throws {
    let site = try await Self.site()
    #expect(try await Self.apply(site, "first").isConverged)
    let file = site.folder.appending(path: "packages/probe/tests/more.yaml")
    try Data(Self.check().utf8).write(to: file)
    await site.machines.change { $0.checkAnswers["node003"] = ["probe/more": FakeCheckAnswer(status: 1)] }

    let plan = try await site.reconciler().propose().plan
    #expect(
      plan.steps.allSatisfy { $0.disruption == .none } && plan.steps.contains { $0.id.description.contains("refresh") })
    #expect(!plan.steps.contains { $0.id.description.contains("node00") }, "\(plan.steps.map(\.id))")
    let applied = try await Self.apply(site, "second")

    #expect(!applied.isConverged, "node003 does not pass it")
    #expect(
      applied.verified.plan.steps.map(\.because)
        == ["nodes run their image: node003 is up, and probe/more does not pass"])
  }
}
