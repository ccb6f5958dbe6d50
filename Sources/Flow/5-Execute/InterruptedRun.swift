// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import GRDB
import HostAccess

/// A run that the journal saw begin, and never end or be recorded: the process was killed, or the machine lost power.
package struct InterruptedRun: Hashable, Sendable {
  package var id: String
  package var generation: Int
  /// The generations of earlier rounds of the same run, which were not recorded either. Nil: there were none.
  package var earlierGenerations: [Int]?
  package var holder: String
  /// Seconds since 1970.
  package var startedAt: Int
  /// Started and not finished: whether they took effect is only seen by looking.
  package var inFlight: [StepID]
  package var finished: Int
  package var total: Int
  /// The steps that were begun, in their order, as far as they are known. Empty when they were not kept.
  package var steps: [StepReport]
  /// The resources that it was about to put in place, as the journal was given them. Empty when they were not kept.
  package var managing: [UInt8]
  /// Resources of which a step was begun, as text.
  package var touched: Set<String>
  /// Whose process it was. Nil when it could not be told.
  package var process: ProcessIdentity?

  package init(
    id: String, generation: Int, holder: String, startedAt: Int, inFlight: [StepID], finished: Int, total: Int,
    steps: [StepReport] = [], managing: [UInt8] = [], touched: Set<String> = [], process: ProcessIdentity?
  ) {
    self.id = id
    self.generation = generation
    self.holder = holder
    self.startedAt = startedAt
    self.inFlight = inFlight
    self.finished = finished
    self.total = total
    self.steps = steps
    self.managing = managing
    self.touched = touched
    self.process = process
  }
}

extension Journal {
  /// So many of the newest steps are looked at, however long the journal is.
  private static let mostSteps = 20_000

  /// The durations of steps that were done and changed something, newest first. What was done already takes no time and
  /// says nothing.
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
