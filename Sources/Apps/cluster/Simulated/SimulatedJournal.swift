// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import HostAccess

/// The journal of runs on machines in memory, which says nothing of how long things take on real ones.
struct SimulatedJournal: RunJournal {
  let journal: any RunJournal

  func durations() async throws(ExecutionError) -> [StepDuration] { [] }

  func newestGeneration() async throws(ExecutionError) -> Int { try await journal.newestGeneration() }
  func unrecorded() async throws(ExecutionError) -> [InterruptedRun] { try await journal.unrecorded() }
  func unfinished() async throws(ExecutionError) -> [InterruptedRun] { try await journal.unfinished() }

  func begin(
    _ token: RunToken, process: ProcessIdentity?, total: Int, managing: [UInt8], at now: Int
  ) async throws(ExecutionError) {
    try await journal.begin(token, process: process, total: total, managing: managing, at: now)
  }

  func started(_ step: Step, run: String, at now: Int) async throws(ExecutionError) {
    try await journal.started(step, run: run, at: now)
  }

  func finished(_ report: StepReport, run: String) async throws(ExecutionError) {
    try await journal.finished(report, run: run)
  }

  func end(_ run: String, result: String, at now: Int) async throws(ExecutionError) {
    try await journal.end(run, result: result, at: now)
  }

  func recorded(_ run: String) async throws(ExecutionError) { try await journal.recorded(run) }
}
