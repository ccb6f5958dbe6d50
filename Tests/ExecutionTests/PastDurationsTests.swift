// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Execution

/// What the journal tells of how long things took.
@Suite struct PastDurationsTests {
  private func run(_ journal: Journal, _ name: String, _ results: [(String, StepReport.Result, Double)]) async throws {
    let token = RunToken(run: name, generation: 1, holder: "a test")
    try await journal.begin(token, process: nil, total: results.count, managing: [], at: 1)
    for (id, result, seconds) in results {
      let step = Step.write(id)
      try await journal.started(step, run: name, at: 1)
      try await journal.finished(
        StepReport(step: step.id, host: step.host, result: result, startedAt: 1, seconds: seconds, attempts: 1),
        run: name)
    }
    try await journal.end(name, result: "done", at: 2)
  }

  @Test func onlyWhatChangedSomethingCountsAndTheNewestComesFirst() async throws {
    let fixture = try Fixture()
    let changed = StepReport.Result.done(Outcome(changed: true, detail: ""))
    let same = StepReport.Result.done(Outcome(changed: false, detail: ""))
    try await run(fixture.journal, "one", [("a", changed, 3), ("b", same, 1), ("c", .failed(.full), 9)])
    try await run(fixture.journal, "two", [("a", changed, 5)])

    let durations = try await fixture.journal.durations()

    #expect(durations.map(\.seconds) == [5, 3])
    #expect(durations.allSatisfy { $0.step == StepID("a") && $0.operation == "ensureFile" && $0.host == "head1" })
  }

  @Test func lookingMakesNoJournal() async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "none-\(UUID())/journal.sqlite").path
    #expect(try await JournalOnDemand(path: path).durations().isEmpty)
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
