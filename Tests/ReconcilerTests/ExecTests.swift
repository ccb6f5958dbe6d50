// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Simulator
import Testing
import Wings

@testable import Reconciler

/// A program on nodes is a run like any other verb: shown, leased, recorded, and done once.
@Suite struct ExecTests {
  private static func exec(_ argv: [String], _ nodes: HostID..., token: String = "errand-1") -> ExecErrand {
    ExecErrand(argv, on: nodes, seconds: 30, token: token)
  }

  private static func results(_ site: FakeSite, token: String = "errand-1") async throws -> [NodeCommandResult]? {
    let sight = try await site.reconciler().look { sight in
      sight.cluster.heads.map { Question($0.name, NodeCommandProbe(token)) }
    }
    return ExecErrand.results(of: token, sight)
  }

  @Test func whatIsRunIsRecordedAndTold() async throws {
    let site = try await FakeSite.applied()

    let applied = try ErrandTests.applied(
      try await ErrandTests.done(Self.exec(["echo", "it's", "a b"], "node001", "node002"), site) { proposal in
        #expect(proposal.plan.steps.map(\.id.text) == ["exec:nodes/run"])
      })

    #expect(applied.isConverged && applied.word == "done")
    let results = try #require(try await Self.results(site))
    #expect(results.map(\.node) == ["node001", "node002"])
    #expect(results.allSatisfy { $0.succeeded && $0.output == .text("it's a b\n") })
    let record = try #require(try await site.reconciler().history.log(site: "site", limit: 1).first)
    #expect(record.subject == "exec node[001-002] -- echo 'it'\\''s' 'a b': done, 1 changed", "\(record.subject)")
    #expect(try await site.reconciler().propose().plan.isClean)
  }

  @Test func aNodeThatIsOffStopsNoOther() async throws {
    let site = try await FakeSite.applied()
    try await ErrandTests.done(PowerErrand(.off, ["node002"], token: "off"), site, run: "off")

    let applied = try ErrandTests.applied(
      try await ErrandTests.done(Self.exec(["false"], "node001", "node002", "node003"), site))

    #expect(applied.isConverged, "it was run where that was possible: what came of it is told")
    let results = try #require(try await Self.results(site))
    let ended = results.map { if case .ended(let status) = $0.ending { "\(status)" } else { "-" } }
    #expect(ended == ["1", "-", "1"])
    let summary = NodeCommandNote(token: "", results: results).summary
    #expect(summary == "node[001,003] ended with 1; node002 cannot tell")
  }

  @Test func itIsRunOnceForARun() async throws {
    let site = try await FakeSite.applied()
    try await ErrandTests.done(Self.exec(["true"], "node001"), site)
    guard case .nothingToDo = try await ErrandTests.done(Self.exec(["true"], "node001"), site) else {
      Issue.record("the same run does not run it again")
      return
    }
    try await ErrandTests.done(Self.exec(["true"], "node001", token: "errand-2"), site, run: "errand-2")
    #expect(await site.machines.world.effects.count { $0.contains("ensureCommandRun") } == 2)
    #expect(try await Self.results(site) == nil, "the next one takes the note's place")
  }

  @Test func headsAndStrangersAreRefused() async throws {
    let site = try await FakeSite.applied()
    #expect(try await ErrandTests.refusal(Self.exec(["true"], "head1"), site)?.why.contains("it is a head") == true)
    #expect(
      try await ErrandTests.refusal(Self.exec(["true"], "node001", "node999"), site)?.what
        == "nothing is run on node999")
    #expect(await !site.machines.world.effects.contains { $0.contains("ensureCommandRun") })
  }

  /// Control characters, wherever they come from, are no part of a line.
  @Test func wordsAreShownAsOneWouldTypeThem() {
    #expect(NodeCommandGoal.words(["ls", "-l", "/a b", ""]) == "ls -l '/a b' ''")
    #expect(!NodeCommandGoal.words(["a\u{1b}[2J\nb"]).unicodeScalars.contains { $0.value < 32 })
    let goal = NodeCommandGoal(
      argv: ["x"], nodes: (0..<1000).map { .init(name: HostID("n\($0)"), address: IPv4Address(bits: 0)) }, token: "t",
      seconds: 60)
    #expect(goal.kept * goal.nodes.count <= 9 << 20)
  }
}
