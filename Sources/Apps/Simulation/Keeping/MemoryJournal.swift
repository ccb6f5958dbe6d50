// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import HostAccess
import Synchronization

/// The journal of one admin machine, which outlives the processes that write to it.
package final class MemoryJournal: Sendable {
  struct Run: Codable, Sendable {
    var token: RunToken
    var process: ProcessIdentity?
    var total: Int
    var startedAt: Int
    var result: String?
    var started: [StepID] = []
    var finished: Set<StepID> = []
    /// Whether the run is recorded. Nil in what older versions have kept.
    var isRecorded: Bool? = false
    var managing: [UInt8]? = []
    var touched: Set<String>? = []
  }

  private let runs: Mutex<[Run]>

  package init() { runs = Mutex([]) }

  fileprivate func change<Value: Sendable>(_ body: (inout [Run]) -> Value) -> Value { runs.withLock { body(&$0) } }

  /// The journal as one process of the machine sees it.
  package func opened(by process: SimulatedProcess, of site: VirtualSite) -> any RunJournal {
    OpenedJournal(journal: self, process: process, site: site)
  }
}

extension MemoryJournal: Codable {
  package convenience init(from decoder: any Decoder) throws {
    self.init()
    let kept = try [Run](from: decoder)
    runs.withLock { $0 = kept }
  }

  package func encode(to encoder: any Encoder) throws { try runs.withLock { $0 }.encode(to: encoder) }
}

private struct OpenedJournal: RunJournal {
  let journal: MemoryJournal
  let process: SimulatedProcess
  let site: VirtualSite

  /// Changes the journal: kept when the call returns; the process may be killed before it sees that.
  private func access<Value: Sendable>(
    _ body: @Sendable (inout [MemoryJournal.Run]) -> Value
  ) async throws(ExecutionError) -> Value {
    if process.isKilled { throw .journal(path: "in memory", cause: "the process was killed") }
    let value = journal.change(body)
    await Task.yield()
    return value
  }

  func newestGeneration() async throws(ExecutionError) -> Int {
    try await access { $0.map(\.token.generation).max() ?? 0 }
  }

  func begin(
    _ token: RunToken, process: ProcessIdentity?, total: Int, managing: [UInt8], at now: Int
  ) async throws(ExecutionError) {
    site.watch { [managing] in $0.said("the journal", managing) }
    try await access {
      $0.append(.init(token: token, process: process, total: total, startedAt: now, managing: managing))
    }
  }

  func started(_ step: Step, run: String, at now: Int) async throws(ExecutionError) {
    site.watch { $0.started(step, run) }
    try await access {
      $0.change(run) {
        $0.started.append(step.id)
        $0.touched = ($0.touched ?? []).union([step.resource.description])
      }
    }
  }

  func finished(_ report: StepReport, run: String) async throws(ExecutionError) {
    site.watch {
      $0.said("the journal", Array(report.detail.utf8))
      $0.finished(report, run)
    }
    try await access { $0.change(run) { _ = $0.finished.insert(report.step) } }
  }

  func end(_ run: String, result: String, at now: Int) async throws(ExecutionError) {
    try await access { $0.change(run) { $0.result = result } }
  }

  func recorded(_ run: String) async throws(ExecutionError) {
    try await access { runs in
      for index in runs.indices where runs[index].token.run == run || runs[index].token.run.hasPrefix(run + ".") {
        runs[index].isRecorded = true
      }
    }
  }

  func unrecorded() async throws(ExecutionError) -> [InterruptedRun] {
    try await runs { $0.result != nil && $0.result != "interrupted" && $0.isRecorded == false }
  }

  func unfinished() async throws(ExecutionError) -> [InterruptedRun] { try await runs { $0.result == nil } }

  private func runs(
    where fits: @escaping @Sendable (MemoryJournal.Run) -> Bool
  ) async throws(ExecutionError) -> [InterruptedRun] {
    try await access { runs in
      runs.filter(fits).map { run in
        InterruptedRun(
          id: run.token.run, generation: run.token.generation, holder: run.token.holder, startedAt: run.startedAt,
          inFlight: run.started.filter { !run.finished.contains($0) }, finished: run.finished.count, total: run.total,
          managing: run.managing ?? [], touched: run.touched ?? [], process: run.process)
      }
    }
  }
}

extension [MemoryJournal.Run] {
  fileprivate mutating func change(_ run: String, _ body: (inout MemoryJournal.Run) -> Void) {
    guard let index = lastIndex(where: { $0.token.run == run }) else { return }
    body(&self[index])
  }
}
