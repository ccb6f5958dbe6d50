// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Execution

@Suite struct CrashTests {
  private static let plan = Plan(steps: [.write("a"), .write("b", after: ["a"]), .write("c", after: ["b"])])

  /// The effect has happened and its end is not in the journal when the process dies.
  @Test func aKilledRunIsFoundAndFinishedByTheNextOne() async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "crash-\(UUID())/journal.sqlite").path
    defer { try? FileManager.default.removeItem(atPath: URL(filePath: path).deletingLastPathComponent().path) }

    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let host = ScriptedHost("head1", after: { _, count in if count == 2 { kill(getpid(), SIGKILL) } })
      let executor = Executor(
        hosts: ["head1": host], secrets: NoSecrets(), journal: try Journal(path: path), now: { 1_000 })
      _ = try await executor.run(Self.plan, as: "killed", holder: "me")
    }
    // What the killed run left on the host: two files, and its lease.
    let journal = try Journal(path: path)
    let found = try await journal.unfinished()
    let host = ScriptedHost("head1")
    host.state.withLock {
      $0.files = ["/a": "a", "/b": "b"]
      $0.newestGeneration = 1
      $0.holder = RunToken(run: "killed", generation: 1, holder: "me")
    }
    let (stream, events) = AsyncStream.makeStream(of: RunEvent.self)
    let executor = Executor(
      hosts: ["head1": host], secrets: NoSecrets(), journal: journal, now: { 2_000 }, events: events)

    let outcome = try await executor.run(Self.plan, as: "next", holder: "me")

    #expect(found.map(\.id) == ["killed"])
    #expect(found.first?.inFlight == [StepID("b")])
    #expect(found.first?.finished == 1)
    #expect(found.first?.total == 3)
    #expect(outcome.words == ["a unchanged", "b unchanged", "c changed"])
    #expect(outcome.generation == 2)
    #expect(host.state.withLock { $0.effects } == ["next /c"])
    var told: [String] = []
    for await event in stream { if case .foundInterrupted(let run) = event { told.append(run.id) } }
    #expect(told == ["killed"])
    #expect(try await journal.unfinished().isEmpty)
  }

  @Test func theLeaseOfALivingProcessIsLeftAlone() async throws {
    let fixture = try Fixture()
    let host = ScriptedHost("head1")
    let token = RunToken(run: "alive", generation: 1, holder: "me")
    try await host.claim(token)
    try await fixture.journal.begin(token, process: ProcessIdentity.current, total: 1, managing: [], at: 0)

    await #expect(throws: ExecutionError.self) {
      try await fixture.executor([host]).run(Plan(steps: [.write("a")]), as: "run", holder: "me")
    }

    #expect(host.state.withLock { $0.effects }.isEmpty)
    #expect(try await fixture.journal.unfinished().map(\.id) == ["alive"])
  }

  @Test func aJournalThatCannotBeWrittenIsToldWithWhatToDo() throws {
    let error = #expect(throws: ExecutionError.self) { try Journal(path: "/proc/nowhere/journal.sqlite") }

    #expect(error?.description.contains("/proc/nowhere/journal.sqlite") == true)
    #expect(error?.next.isEmpty == false)
  }

  @Test func aPidThatIsUsedAgainIsAnotherProcess() throws {
    var identity = try #require(ProcessIdentity.current)

    #expect(identity.isRunning)
    identity.startedAt += 1
    #expect(!identity.isRunning)
  }

  @Test func runNamesSortByTime() {
    var random = SystemRandomNumberGenerator()

    let name = RunName.make(now: 1_795_225_502, using: &random)

    #expect(name.hasPrefix("20261121-014502-"))
    #expect(name.count == 22)
    #expect(RunName.make(now: 951_782_400, using: &random).hasPrefix("20000229-000000-"))
  }
}
