// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Synchronization

/// The log of every run's steps, before and after each effect.
///
/// What a call has returned from survives the end of the process. `Journal` keeps it on the disk, the simulator in
/// memory.
package protocol RunJournal: Sendable {
  /// The newest generation that a run of this journal had. 0 when there was none.
  func newestGeneration() async throws(ExecutionError) -> Int
  /// - Parameter managing: what the run is about to put in place, as whoever reads it again has written it. Should the
  ///   run be killed, nothing else tells what of it is ours.
  func begin(
    _ token: RunToken, process: ProcessIdentity?, total: Int, managing: [UInt8], at now: Int
  ) async throws(ExecutionError)
  /// Kept before the step may take effect.
  func started(_ step: Step, run: String, at now: Int) async throws(ExecutionError)
  func finished(_ report: StepReport, run: String) async throws(ExecutionError)
  func end(_ run: String, result: String, at now: Int) async throws(ExecutionError)
  /// The record has the run and its further rounds, named `RUN.2` and so on.
  func recorded(_ run: String) async throws(ExecutionError)
  /// Runs that ended and are not in the record, oldest first, but for those that were found interrupted: the run that
  /// found them records what they left. One of them may be about to be recorded by its process.
  func unrecorded() async throws(ExecutionError) -> [InterruptedRun]
  /// Runs that began and did not end, oldest first. One of them may be alive in another process.
  func unfinished() async throws(ExecutionError) -> [InterruptedRun]
  /// The durations of the newest steps that were done and changed something, newest first.
  func durations() async throws(ExecutionError) -> [StepDuration]
}

extension RunJournal {
  /// A journal that ends with its process has no past.
  package func durations() async throws(ExecutionError) -> [StepDuration] { [] }
}

/// The journal of a path, opened once, when it is first needed: who only looks needs no folder that can be written to.
package final class JournalOnDemand: RunJournal {
  private let path: String
  private let opened = Mutex<Journal?>(nil)

  package init(path: String) { self.path = path }

  private func journal() throws(ExecutionError) -> Journal {
    let result = opened.withLock { opened -> Result<Journal, ExecutionError> in
      if let journal = opened { return .success(journal) }
      do throws(ExecutionError) {
        let journal = try Journal(path: path)
        opened = journal
        return .success(journal)
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  package func newestGeneration() async throws(ExecutionError) -> Int { try await journal().newestGeneration() }

  package func begin(
    _ token: RunToken, process: ProcessIdentity?, total: Int, managing: [UInt8], at now: Int
  ) async throws(ExecutionError) {
    try await journal().begin(token, process: process, total: total, managing: managing, at: now)
  }

  package func started(_ step: Step, run: String, at now: Int) async throws(ExecutionError) {
    try await journal().started(step, run: run, at: now)
  }

  package func finished(_ report: StepReport, run: String) async throws(ExecutionError) {
    try await journal().finished(report, run: run)
  }

  package func end(_ run: String, result: String, at now: Int) async throws(ExecutionError) {
    try await journal().end(run, result: result, at: now)
  }

  /// Without a journal there is no past; whoever only looks does not make one.
  package func durations() async throws(ExecutionError) -> [StepDuration] {
    FileManager.default.fileExists(atPath: path) ? try await journal().durations() : []
  }

  package func recorded(_ run: String) async throws(ExecutionError) { try await journal().recorded(run) }

  package func unrecorded() async throws(ExecutionError) -> [InterruptedRun] {
    FileManager.default.fileExists(atPath: path) ? try await journal().unrecorded() : []
  }

  package func unfinished() async throws(ExecutionError) -> [InterruptedRun] {
    FileManager.default.fileExists(atPath: path) ? try await journal().unfinished() : []
  }
}
