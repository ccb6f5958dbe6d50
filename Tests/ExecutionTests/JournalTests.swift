// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import GRDB
import HostAccess
import Testing

@testable import Execution

/// Journals of other versions, torn ones and spoilt ones: what is in them is found, or it is said that it is not.
@Suite struct JournalTests {
  private final class Place {
    let folder: URL
    var path: String { folder.appending(path: "journal.sqlite").path }

    init() throws {
      folder = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID())")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// With one run that was killed in its second step.
    func killedRun() async throws {
      let journal = try Journal(path: path)
      try await journal.begin(
        RunToken(run: "run1", generation: 4, holder: "ada@desk pid 7"), process: nil, total: 3, managing: [], at: 1)
      try await journal.started(.write("a"), run: "run1", at: 2)
      try await journal.finished(
        StepReport(
          step: StepID("a"), host: "head1", result: .done(Outcome(changed: true, detail: "written")), startedAt: 2,
          seconds: 1, attempts: 1), run: "run1")
      try await journal.started(.write("b"), run: "run1", at: 3)
    }

    func execute(_ sql: String) throws {
      let database = try DatabaseQueue(path: path)
      try database.write { try $0.execute(sql: sql) }
      try database.close()
    }
  }

  private func unreadable(_ error: ExecutionError?) -> (cause: String, next: String)? {
    guard case .unreadableJournal(_, let cause, let next) = error else { return nil }
    return (cause, next)
  }

  /// As the first version made it: nothing of what it kept is lost.
  @Test func aJournalOfTheFirstVersionIsRead() async throws {
    let place = try Place()
    try place.execute(
      """
      CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
      INSERT INTO grdb_migrations VALUES ('1');
      CREATE TABLE run (id TEXT PRIMARY KEY NOT NULL, generation INTEGER NOT NULL, holder TEXT NOT NULL, process TEXT,
        total INTEGER NOT NULL, startedAt INTEGER NOT NULL, finishedAt INTEGER, result TEXT);
      CREATE TABLE step (runId TEXT NOT NULL REFERENCES run(id), id TEXT NOT NULL, host TEXT NOT NULL,
        operation TEXT NOT NULL, startedAt INTEGER NOT NULL, seconds DOUBLE, attempts INTEGER, result TEXT, detail TEXT,
        PRIMARY KEY (runId, id));
      INSERT INTO run VALUES ('run1', 3, 'ada@desk pid 7', NULL, 1, 10, 20, 'done');
      INSERT INTO run VALUES ('run2', 4, 'ada@desk pid 8', NULL, 2, 30, NULL, NULL);
      INSERT INTO step VALUES ('run2', 'a', 'head1', 'ensureFile', 31, 1.5, 1, 'changed', 'written');
      INSERT INTO step VALUES ('run2', 'b', 'head1', 'ensureFile', 33, NULL, NULL, NULL, NULL);
      """)

    let journal = try Journal(path: place.path)

    #expect(try await journal.newestGeneration() == 4)
    #expect(try await journal.ended().map(\.id) == ["run1"])
    let killed = try await journal.unfinished()
    #expect(killed.map(\.id) == ["run2"])
    #expect(killed.first?.inFlight == [StepID("b")])
    #expect(killed.first?.steps.map(\.word) == ["changed", "unknown"])
    // Nobody knows whether it was recorded; and the history says it.
    #expect(try await journal.unrecorded().isEmpty)
    try await journal.begin(
      RunToken(run: "run3", generation: 5, holder: "ada@desk"), process: nil, total: 1, managing: [1], at: 40)
    #expect(try await journal.unfinished().last?.managing == [1])
  }

  @Test func aJournalOfANewerVersionIsRefused() async throws {
    let place = try Place()
    try await place.killedRun()
    try place.execute("INSERT INTO grdb_migrations VALUES ('900')")

    let error = #expect(throws: ExecutionError.self) { try Journal(path: place.path) }

    #expect(unreadable(error)?.cause == "a newer version of the program has written it")
    #expect(unreadable(error)?.next.hasPrefix("Use that version") == true)
  }

  @Test func whatIsNoJournalIsNamed() async throws {
    let place = try Place()
    try Data("version: 1\n".utf8 + Data(repeating: 7, count: 4000)).write(to: URL(filePath: place.path))

    let error = #expect(throws: ExecutionError.self) { try Journal(path: place.path) }

    #expect(unreadable(error)?.next.hasSuffix("mv \(place.path) \(place.path).damaged") == true, "\(error as Any)")
    #expect(try Data(contentsOf: URL(filePath: place.path)).count == 4011, "it is left as it is")
  }

  /// Half of its pages are another file's.
  @Test func aSpoiltJournalIsNamedAndNotTakenForAnEmptyOne() async throws {
    let place = try Place()
    try await place.killedRun()
    try place.execute("PRAGMA user_version = 1")
    var bytes = try Data(contentsOf: URL(filePath: place.path))
    bytes.replaceSubrange(1024..<bytes.count, with: Data(repeating: 0xa5, count: bytes.count - 1024))
    try bytes.write(to: URL(filePath: place.path))

    let error = await #expect(throws: ExecutionError.self) {
      let journal = try Journal(path: place.path)
      _ = try await journal.unfinished()
    }

    #expect(unreadable(error) != nil, "\(error as Any)")
  }

  /// A power cut in the middle of writing: what was acknowledged before is there.
  @Test func aTornEndIsAsIfItHadNotBeenWritten() async throws {
    let place = try Place()
    let copy = try Place()
    let journal = try Journal(path: place.path)
    try await journal.begin(
      RunToken(run: "run1", generation: 4, holder: "ada@desk pid 7"), process: nil, total: 2, managing: [], at: 1)
    try await journal.started(.write("a"), run: "run1", at: 2)
    let whole = try Data(contentsOf: URL(filePath: place.path + "-wal"))
    try await journal.started(.write("b"), run: "run1", at: 3)
    let later = try Data(contentsOf: URL(filePath: place.path + "-wal"))
    try #require(later.count > whole.count)

    for torn in [whole.count + 1, (whole.count + later.count) / 2, later.count - 1] {
      try FileManager.default.removeItem(at: copy.folder)
      try FileManager.default.createDirectory(at: copy.folder, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: place.path, toPath: copy.path)
      try later.prefix(torn).write(to: URL(filePath: copy.path + "-wal"))

      let killed = try await Journal(path: copy.path).unfinished()

      #expect(killed.map(\.id) == ["run1"], "\(torn)")
      #expect(killed.first?.inFlight == [StepID("a")], "\(torn)")
    }
    withExtendedLifetime(journal) {}
  }

  @Test func anIntentThatCannotBeReadIsSaid() async throws {
    let place = try Place()
    try await place.killedRun()
    try place.execute("UPDATE run SET process = 'nobody'")
    let journal = try Journal(path: place.path)

    let error = await #expect(throws: ExecutionError.self) { try await journal.unfinished() }

    #expect(unreadable(error) != nil, "\(error as Any)")
  }

  /// A word that this version does not use is not taken for success.
  @Test func aResultThatIsNotKnownIsUnknown() async throws {
    let place = try Place()
    try await place.killedRun()
    try place.execute("UPDATE step SET result = 'wonderful' WHERE id = 'a'")

    let killed = try await Journal(path: place.path).unfinished()

    #expect(killed.first?.steps.map(\.word) == ["unknown", "unknown"])
  }
}
