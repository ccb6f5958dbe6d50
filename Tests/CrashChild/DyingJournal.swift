// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Foundation
import HostAccess
import Synchronization

/// The real journal on the disk. At one of the boundaries, just before or just after something is committed to it, this
/// process dies by SIGKILL.
final class DyingJournal: RunJournal {
  private let journal: Journal
  /// Counted from 1. 0: never.
  private let last: Int
  private let count = Mutex(0)

  init(_ journal: Journal, diesAt last: Int) {
    self.journal = journal
    self.last = last
  }

  /// How many boundaries there were.
  var boundaries: Int { count.withLock { $0 } }

  private func boundary() {
    let number = count.withLock { count in
      count += 1
      return count
    }
    if number == last { kill(getpid(), SIGKILL) }
  }

  private func committing<Value>(
    _ body: () async throws(ExecutionError) -> Value
  ) async throws(ExecutionError) -> Value {
    boundary()
    let value = try await body()
    boundary()
    return value
  }

  func newestGeneration() async throws(ExecutionError) -> Int { try await journal.newestGeneration() }
  func unrecorded() async throws(ExecutionError) -> [InterruptedRun] { try await journal.unrecorded() }
  func unfinished() async throws(ExecutionError) -> [InterruptedRun] { try await journal.unfinished() }
  func durations() async throws(ExecutionError) -> [StepDuration] { try await journal.durations() }

  func begin(
    _ token: RunToken, process: ProcessIdentity?, total: Int, managing: [UInt8], at now: Int
  ) async throws(ExecutionError) {
    try await committing { () async throws(ExecutionError) in
      try await journal.begin(token, process: process, total: total, managing: managing, at: now)
    }
  }

  func started(_ step: Step, run: String, at now: Int) async throws(ExecutionError) {
    try await committing { () async throws(ExecutionError) in try await journal.started(step, run: run, at: now) }
  }

  func finished(_ report: StepReport, run: String) async throws(ExecutionError) {
    try await committing { () async throws(ExecutionError) in try await journal.finished(report, run: run) }
  }

  func recorded(_ run: String) async throws(ExecutionError) {
    try await committing { () async throws(ExecutionError) in try await journal.recorded(run) }
  }

  func end(_ run: String, result: String, at now: Int) async throws(ExecutionError) {
    try await committing { () async throws(ExecutionError) in try await journal.end(run, result: result, at: now) }
  }
}
