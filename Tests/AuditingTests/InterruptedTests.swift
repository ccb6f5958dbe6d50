// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Foundation
import HostAccess
import Simulator
import Testing
import Wings

@testable import Auditing
@testable import Reconciler

/// Runs that were killed are in the history, told as such, before anything else happens.
@Suite struct InterruptedTests {
  private static let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../cluster.yaml").standardizedFileURL

  private func reconciler(_ repository: TemporaryRepository) throws -> Reconciler {
    let specification = try Specification.load(Self.example)
    return Reconciler(
      site: Site(
        id: "site", specification: repository.folder.appending(path: "cluster.yaml"), sshConfiguration: nil,
        secrets: repository.folder, agent: repository.folder),
      specification: specification, cluster: try #require(specification.cluster), hosts: [:], secrets: FakeSecrets(),
      journal: try Journal(path: repository.path + "/.cluster/journal-site.sqlite"),
      processes: ProcessTable(current: nil) { _ in false }, history: try AuditRepository(folder: repository.path),
      by: "ada@desk", clock: ContinuousClock(), now: { 1_700_000_500 })
  }

  private let nothing = Proposal(
    plan: Plan(), whole: Plan(), leftOut: [], terms: RunTerms(), inventory: Inventory(hosts: [:], observedAt: 0),
    desired: [], previously: [])

  @Test func aKilledRunIsRecordedOnceWithWhatTheJournalKnows() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let reconciler = try reconciler(repository)
    let journal = reconciler.journal
    try await journal.begin(
      RunToken(run: "run7", generation: 7, holder: "eve@laptop pid 12"), process: nil, total: 3,
      managing: [], at: 1_700_000_400)
    for name in ["a", "b"] {
      let id = ResourceID("file", on: "head1", "/\(name)")
      try await journal.started(
        Step(
          id: StepID("\(id)/write"), resource: id, host: "head1",
          operation: AnyOperation(EnsureFileAbsent(path: "/\(name)")),
          after: [], disruption: .none, because: "", source: nil, changes: [], destructive: false),
        run: "run7", at: 1_700_000_401)
    }
    try await journal.finished(
      StepReport(
        step: StepID("file@head1:/a/write"), host: "head1", result: .done(Outcome(changed: true, detail: "written")),
        startedAt: 1_700_000_401, seconds: 1, attempts: 1), run: "run7")

    try await reconciler.recordInterrupted(nothing)
    try await reconciler.recordInterrupted(nothing)

    let audit = try AuditRepository(folder: repository.path)
    let runs = try audit.log(site: "site")
    #expect(runs.map(\.result) == ["interrupted"])
    #expect(runs.first?.id == "run7")
    #expect(runs.first?.by == "eve@laptop")
    #expect(runs.first?.subject == "interrupted, 1 of 3 steps finished")
    let outcome = try audit.outcome(of: try #require(runs.first))
    #expect(outcome.steps.map(\.word) == ["changed", "unknown"])
    #expect(outcome.generation == 7)
    #expect(try await audit.verify(journal: [EndedRun(id: "run7", result: "interrupted")], site: "site").isGood)
  }

  /// The first round ended and was not recorded, because a record is of all rounds; the second one was killed.
  @Test func aRunThatWasKilledInALaterRoundIsOneRecord() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let reconciler = try reconciler(repository)
    let journal = reconciler.journal
    func begin(_ run: String, _ generation: Int, steps: [String], at time: Int) async throws {
      try await journal.begin(
        RunToken(run: run, generation: generation, holder: "eve@laptop pid 12"), process: nil, total: 2, managing: [],
        at: time)
      for name in steps {
        let id = ResourceID("file", on: "head1", "/\(name)")
        try await journal.started(
          Step(
            id: StepID("\(id)/write"), resource: id, host: "head1",
            operation: AnyOperation(EnsureFileAbsent(path: "/\(name)")),
            after: [], disruption: .none, because: "", source: nil, changes: [], destructive: false),
          run: run, at: time + 1)
      }
    }
    func finish(_ name: String, _ run: String, _ result: StepReport.Result) async throws {
      try await journal.finished(
        StepReport(
          step: StepID("file@head1:/\(name)/write"), host: "head1", result: result, startedAt: 1, seconds: 1,
          attempts: 1), run: run)
    }
    let failure = AgentError(.diskFull, "no space", cause: nil, next: "Make room.")
    try await begin("run7", 7, steps: ["a", "b"], at: 1_700_000_400)
    try await finish("a", "run7", .done(Outcome(changed: true, detail: "written")))
    try await finish("b", "run7", .failed(failure))
    try await journal.end("run7", result: "partial", at: 1_700_000_410)
    try await begin("run7.2", 8, steps: ["b", "c"], at: 1_700_000_420)
    try await finish("b", "run7.2", .done(Outcome(changed: true, detail: "written")))

    try await reconciler.recordInterrupted(nothing)
    try await reconciler.recordInterrupted(nothing)

    let audit = try AuditRepository(folder: repository.path)
    let runs = try audit.log(site: "site")
    #expect(runs.map(\.id) == ["run7"])
    #expect(runs.map(\.result) == ["interrupted"])
    #expect(runs.first?.subject == "interrupted, 3 of 4 steps finished")
    let outcome = try audit.outcome(of: try #require(runs.first))
    #expect(outcome.generations == [7, 8])
    #expect(outcome.startedAt == 1_700_000_400)
    // What both rounds did counts as in the later one.
    #expect(outcome.steps.map(\.step.text) == ["a", "b", "c"].map { "file@head1:/\($0)/write" })
    #expect(outcome.steps.map(\.word) == ["changed", "changed", "unknown"])
    let ended = ["run7", "run7.2"].map { EndedRun(id: $0, result: "interrupted") }
    #expect(try await audit.verify(journal: ended, site: "site").findings == [])
  }

  @Test func aRunThatIsStillAtWorkIsNot() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let reconciler = try reconciler(repository)
    let process = try #require(ProcessTable.machine.current)
    try await reconciler.journal.begin(
      RunToken(run: "run7", generation: 7, holder: "ada@desk pid 12"), process: process, total: 3, managing: [], at: 1)
    let alive = Reconciler(
      site: reconciler.site, specification: reconciler.specification, cluster: reconciler.cluster, hosts: [:],
      secrets: FakeSecrets(), journal: reconciler.journal, processes: .machine, history: reconciler.history,
      by: "ada@desk", clock: ContinuousClock(), now: { 2 })

    try await alive.recordInterrupted(nothing)

    #expect(try AuditRepository(folder: repository.path).log(site: nil).isEmpty)
  }
}
