// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import GRDB

extension Journal {
  /// So many of the newest steps are looked at, however long the journal is.
  private static let mostSteps = 20_000

  /// What steps took that were done and changed something, newest first. What was done already takes no time and says
  /// nothing.
  package func durations() async throws(ExecutionError) -> [StepDuration] {
    try await access { db in
      try Row.fetchAll(
        db,
        sql: "SELECT id, operation, host, seconds FROM step WHERE result = 'changed' ORDER BY rowid DESC LIMIT ?",
        arguments: [Self.mostSteps]
      ).map { row in
        StepDuration(
          step: StepID(row["id"]), operation: row["operation"], host: HostID(row["host"]), seconds: row["seconds"])
      }
    }
  }
}
