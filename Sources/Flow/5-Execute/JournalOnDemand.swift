// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Synchronization

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
