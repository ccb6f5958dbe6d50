// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Simulator
import Testing
import Wings

@testable import Reconciler

/// `cluster test` from the files of a set to the table of results, over machines in memory.
@Suite struct CheckErrandTests {
  private static let tests = [
    "local.yaml": "summary: Each head works.\nrun: [probe]\non: heads\n",
    "node.yaml": "summary: Each node works.\nrun: [probe]\non: each node\nneeds: [local]\nremediation: Look at it.\n",
    "cross.yaml": "summary: Nodes reach each other.\nrun: [probe, \"{{ peer.name }}\"]\non: pair\nneeds: [node]\n",
    "clock.yaml": "summary: All agree.\nrun: [probe]\non: each node\nexpect: { same: true }\n",
  ]

  private static func site(_ change: @escaping @Sendable (inout FakeWorld) -> Void = { _ in }) async throws -> FakeSite
  {
    let site = try await FakeSite.applied()
    let folder = site.folder.appending(path: "packages/probe/tests")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let set = folder.deletingLastPathComponent().appending(path: "set.yaml")
    try Data("summary: A probe.\n".utf8).write(to: set)
    for (name, text) in tests { try Data(text.utf8).write(to: folder.appending(path: name)) }
    try site.edit("\nheads:\n", "\npackages: { probe: }\nheads:\n")
    await site.machines.change(change)
    return site
  }

  private static func run(
    _ site: FakeSite, _ selection: CheckSelection = CheckSelection(), run: String = "test-1"
  ) async throws -> (Convergence, CheckReport) {
    let errand = CheckErrand(selection, token: run)
    let convergence = try await ErrandTests.done(errand, site, run: run)
    let sight = try await site.reconciler().look(errand.questions)
    return (convergence, try errand.report(sight))
  }

  private static func lines(_ report: CheckReport) -> [String] {
    report.folded.map { "\($0.first.status.rawValue) \($0.first.check) \($0.places)" }
  }

  @Test func allPassAndAreRecordedAndNothingIsManaged() async throws {
    let site = try await Self.site()

    let (convergence, report) = try await Self.run(site)

    let applied = try ErrandTests.applied(convergence)
    #expect(applied.isConverged && applied.word == "done", "\(applied.verified.plan.steps.map(\.id))")
    #expect(report.hasPassed && report.summary == "14 passed, 0 failed, 0 skipped, 0 unknown")
    #expect(
      Self.lines(report) == [
        "passed probe/clock node[001-004]", "passed probe/local head[1-2]", "passed probe/node node[001-004]",
        "passed probe/cross node[001-004]",
      ])
    let record = try #require(try await site.reconciler().history.log(site: "site", limit: 1).first)
    #expect(record.subject == "test: done, 5 changed")
    guard case .nothingToDo = try await Self.run(site).0 else {
      Issue.record("a run does not check twice")
      return
    }
  }

  @Test func whatNeedsAFailedOneIsSkippedThereAndNowhereElse() async throws {
    let site = try await Self.site { world in
      world.checkAnswers["node002"] = ["probe/node": FakeCheckAnswer(status: 3, output: "no route\u{1b}[31m\n")]
    }

    let (convergence, report) = try await Self.run(site)

    let applied = try ErrandTests.applied(convergence)
    #expect(applied.word == "partial" && applied.verified.plan.isClean)
    #expect(
      Self.lines(report) == [
        "passed probe/clock node[001-004]", "passed probe/local head[1-2]", "passed probe/node node[001,003-004]",
        "failed probe/node node002", "skipped probe/cross node[001-002]",
        "passed probe/cross node[003-004]",
      ])
    #expect(!report.hasPassed)
    let failed = try #require(report.rows.first { $0.status == .failed })
    #expect(failed.detail == "status 3, expected 0" && failed.remediation == "Look at it.")
    #expect(failed.output == "no route\\u001b[31m\n", "it is escaped")
    let skipped = try #require(report.rows.first { $0.status == .skipped })
    #expect(skipped.detail == "needs probe/node, which failed on node002")
    let step = try #require(applied.outcome.steps.first { $0.step.text.hasSuffix("probe/node/run") })
    #expect(step.detail == "probe/node failed on node002: node002 failed: status 3, expected 0")
  }

  /// It is another head that ran what is needed.
  @Test func aHeadThatFailsStopsWhatNeedsIt() async throws {
    let site = try await Self.site { world in
      world.checkAnswers["head2"] = ["probe/local": FakeCheckAnswer(status: 1)]
    }

    let (_, report) = try await Self.run(site)

    #expect(report.count(.failed) == 1 && report.count(.skipped) == 8)
    #expect(report.rows.first { $0.check == "probe/node" }?.detail == "needs probe/local, which failed on head2")
    #expect(report.rows.first { $0.check == "probe/cross" }?.detail == "needs probe/node, which was skipped on node001")
  }

  @Test func anUnreachableMachineIsUnknownAndNotFailed() async throws {
    let site = try await Self.site { $0.nodes["node003"]?.image = nil }

    let (_, report) = try await Self.run(site, CheckSelection(["probe/clock"]))

    #expect(Self.lines(report) == ["passed probe/clock node[001-002,004]", "unknown probe/clock node003"])
    #expect(!report.hasPassed && report.count(.failed) == 0)
  }

  @Test func whoDiffersIsToldAndFromWhom() async throws {
    let site = try await Self.site { world in
      for node in 1...4 {
        world.checkAnswers[HostID("node00\(node)")] = [
          "probe/clock": FakeCheckAnswer(output: node == 4 ? "B\n" : "A\n")
        ]
      }
    }

    let (_, report) = try await Self.run(site, CheckSelection(["probe/clock"]))

    let failed = report.rows.filter { $0.status == .failed }
    #expect(failed.map(\.machine) == ["node004"] && failed.first?.output == "B")
    #expect(failed.first?.detail == "its output is not that of node[001-003]: A")
  }

  @Test func resultsAreJUnits() async throws {
    let site = try await Self.site { world in
      world.checkAnswers["node002"] = ["probe/node": FakeCheckAnswer(status: 3, output: "a < b & \"c\"\u{0}\n")]
    }

    let (_, report) = try await Self.run(site, CheckSelection(on: ["head1", "head2", "node001", "node002"]))

    let text = report.junit
    #expect(text.contains("<testsuite name=\"probe\" tests=\"8\" failures=\"1\" errors=\"0\" skipped=\"2\">"))
    #expect(text.contains("<testcase classname=\"probe/node\" name=\"node002\" time=\"0.1\">"))
    #expect(text.contains("<failure message=\"status 3, expected 0\">a &lt; b &amp; &quot;c&quot;\\u0000\n"))
    #expect(text.contains("<testcase classname=\"probe/cross\" name=\"node001 to node002\" time=\"0.0\">"))
  }

  @Test func whatIsNotThereIsRefused() async throws {
    let site = try await Self.site()
    let refusal = try #require(try await ErrandTests.refusal(CheckErrand(CheckSelection(["prove"]), token: "t"), site))
    #expect(refusal.why == "no set or check `prove` is on")
    let empty = CheckErrand(CheckSelection(["probe/cross"], on: ["node001"]), token: "t")
    let report = try await Self.run(site, empty.selection).1
    #expect(report.idle == ["probe/local", "probe/cross"] && report.summary.hasPrefix("1 passed, 0 failed"))
  }
}
