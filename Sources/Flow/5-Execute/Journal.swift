// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import GRDB
import HostAccess

/// The log of every run's steps, before and after each effect, on this machine's disk.
///
/// SQLite in WAL mode with `synchronous=FULL`: what `started` has returned from survives a power cut. The record for
/// people is the audit commit; this one answers what a run that was killed was doing. Open it once per process.
package struct Journal: RunJournal {
  package let path: String
  private let database: DatabaseQueue

  /// Opens or makes the journal, and the folder it lies in.
  package init(path: String) throws(ExecutionError) {
    self.path = path
    do {
      let folder = URL(filePath: path).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      var configuration = Configuration()
      configuration.journalMode = .wal
      configuration.busyMode = .timeout(10)
      database = try DatabaseQueue(path: path, configuration: configuration)
      try database.inDatabase { db in
        // GRDB lowers this to NORMAL when it turns WAL on, so it can only be set afterwards.
        try db.execute(sql: "PRAGMA synchronous=FULL")
        guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2 else { throw NotDurable() }
      }
      // A migration that this program does not know: what a newer one keeps would be overlooked.
      if try database.read(Self.migrations.hasBeenSuperseded) { throw Newer() }
      try Self.migrations.migrate(database)
    } catch { throw Self.error(error, path) }
  }

  private struct Newer: Error {}

  private static func error(_ error: any Error, _ path: String) -> ExecutionError {
    switch error {
    case is Newer:
      return .unreadableJournal(
        path: path, cause: "a newer version of the program has written it",
        next: "Use that version or a newer one: this one does not know everything that it records.")
    case is DecodingError: return .damaged(path, "\(error)")
    case let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode):
      return .damaged(path, "\(error)")
    default: return .journal(path: path, cause: "\(error)")
    }
  }

  private struct NotDurable: Error, CustomStringConvertible {
    var description: String { "SQLite does not accept synchronous=FULL" }
  }

  /// Only ever added to: journals of older versions are read by newer ones.
  private static var migrations: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.create(table: "run") { table in
        table.primaryKey("id", .text)
        table.column("generation", .integer).notNull()
        table.column("holder", .text).notNull()
        table.column("process", .text)
        table.column("total", .integer).notNull()
        table.column("startedAt", .integer).notNull()
        table.column("finishedAt", .integer)
        table.column("result", .text)
      }
      try db.create(table: "step") { table in
        table.primaryKey {
          table.belongsTo("run").notNull()
          table.column("id", .text)
        }
        table.column("host", .text).notNull()
        table.column("operation", .text).notNull()
        table.column("startedAt", .integer).notNull()
        table.column("seconds", .double)
        table.column("attempts", .integer)
        table.column("result", .text)
        table.column("detail", .text)
      }
    }
    migrator.registerMigration("2") { db in
      try db.alter(table: "run") { $0.add(column: "isRecorded", .boolean).notNull().defaults(to: false) }
      // Nobody knows any more; and asking for the record of each of them now helps nobody.
      try db.execute(sql: "UPDATE run SET isRecorded = 1")
    }
    migrator.registerMigration("3") { db in
      // Null in what older versions have kept: they did not say.
      try db.alter(table: "run") { $0.add(column: "managing", .blob) }
      try db.alter(table: "step") { $0.add(column: "resource", .text) }
    }
    return migrator
  }

  package func newestGeneration() async throws(ExecutionError) -> Int {
    try await access { db in try Int.fetchOne(db, sql: "SELECT max(generation) FROM run") ?? 0 }
  }

  package func begin(
    _ token: RunToken, process: ProcessIdentity?, total: Int, managing: [UInt8], at now: Int
  ) async throws(ExecutionError) {
    try await access { db in
      let process = try process.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
      try db.execute(
        sql: """
          INSERT INTO run (id, generation, holder, process, total, managing, startedAt) VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [token.run, token.generation, token.holder, process, total, Data(managing), now])
    }
  }

  package func started(_ step: Step, run: String, at now: Int) async throws(ExecutionError) {
    try await access { db in
      try db.execute(
        sql: "INSERT INTO step (runId, id, resource, host, operation, startedAt) VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [run, step.id.text, step.resource.description, step.host.name, step.operation.name, now])
    }
  }

  package func finished(_ report: StepReport, run: String) async throws(ExecutionError) {
    try await access { db in
      try db.execute(
        sql: "UPDATE step SET seconds = ?, attempts = ?, result = ?, detail = ? WHERE runId = ? AND id = ?",
        arguments: [report.seconds, report.attempts, report.word, report.detail, run, report.step.text])
    }
  }

  package func end(_ run: String, result: String, at now: Int) async throws(ExecutionError) {
    try await access { db in
      try db.execute(sql: "UPDATE run SET finishedAt = ?, result = ? WHERE id = ?", arguments: [now, result, run])
      // Whoever finds a run interrupted has recorded before what it was to manage.
      if result == "interrupted" {
        try db.execute(sql: "UPDATE run SET managing = NULL WHERE id = ?", arguments: [run])
      }
    }
  }

  /// A run and its further rounds are in the record.
  package func recorded(_ run: String) async throws(ExecutionError) {
    try await access { db in
      try db.execute(
        sql: "UPDATE run SET isRecorded = 1, managing = NULL WHERE id = ? OR substr(id, 1, ?) = ?",
        arguments: [run, run.unicodeScalars.count + 1, run + "."])
    }
  }

  package func unfinished() async throws(ExecutionError) -> [InterruptedRun] {
    try await runs("finishedAt IS NULL")
  }

  package func unrecorded() async throws(ExecutionError) -> [InterruptedRun] {
    try await runs("finishedAt IS NOT NULL AND NOT isRecorded AND result <> 'interrupted'")
  }

  private func runs(_ condition: String) async throws(ExecutionError) -> [InterruptedRun] {
    try await access { db in
      try Row.fetchAll(db, sql: "SELECT * FROM run WHERE \(condition) ORDER BY startedAt").map { row in
        let id: String = row["id"]
        let steps = try Row.fetchAll(
          db, sql: "SELECT * FROM step WHERE runId = ? ORDER BY rowid", arguments: [id])
        let process: String? = row["process"]
        let managing: Data? = row["managing"]
        return InterruptedRun(
          id: id, generation: row["generation"], holder: row["holder"], startedAt: row["startedAt"],
          inFlight: steps.filter { $0["result"] == nil }.map { StepID($0["id"]) },
          finished: steps.count { $0["result"] != nil }, total: row["total"], steps: steps.map(Self.report),
          managing: managing.map(Array.init) ?? [], touched: Set(steps.compactMap { $0["resource"] }),
          process: try process.map { try JSONDecoder().decode(ProcessIdentity.self, from: Data($0.utf8)) })
      }
    }
  }

  /// A step as far as the journal has kept it: how it ended in a word, and what was said of it.
  private static func report(_ row: Row) -> StepReport {
    let detail: String = row["detail"] ?? ""
    func error(_ code: AgentError.Code, _ message: String) -> AgentError {
      AgentError(code, message, next: "Apply again: the next run looks at the present state.")
    }
    let word: String? = row["result"]
    let result: StepReport.Result =
      switch word {
      case "changed", "unchanged": .done(Outcome(changed: word == "changed", detail: detail))
      case "rolled-back": .rolledBack(error(.commandFailed, detail))
      case "failed": .failed(error(.commandFailed, detail))
      case nil: .unknown(error(.cancelled, "the run was killed while this step was at work"))
      default: .unknown(error(.cancelled, detail))
      }
    return StepReport(
      step: StepID(row["id"]), host: HostID(row["host"]), result: result, startedAt: row["startedAt"],
      seconds: row["seconds"] ?? 0, attempts: row["attempts"] ?? 1)
  }

  /// Runs that ended, oldest first, with how they ended.
  package func ended() async throws(ExecutionError) -> [(id: String, result: String)] {
    try await access { db in
      try Row.fetchAll(db, sql: "SELECT id, result FROM run WHERE finishedAt IS NOT NULL ORDER BY startedAt").map {
        ($0["id"], $0["result"] ?? "unknown")
      }
    }
  }

  func access<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(ExecutionError) -> Value {
    try await uncancelled { [database, path] () async throws(ExecutionError) in
      do { return try await database.write(body) } catch { throw Self.error(error, path) }
    }
  }
}
