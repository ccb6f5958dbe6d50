// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Synchronization

/// The record of runs, as all admin machines of a site share it.
package final class MemoryHistory: Sendable {
  package struct Run: Sendable {
    package var record: RunRecord
    package var managed: [ManagedResource]
  }

  /// The JSON of a resource is the same in all histories, and most sites have most of them in common.
  fileprivate static let lines = ManagedLines(variants: 12)

  private let runs: Mutex<[Run]>

  package init(_ runs: [Run] = []) { self.runs = Mutex(runs) }

  package var all: [Run] { runs.withLock { $0 } }

  fileprivate func append(_ run: Run) { runs.withLock { $0.append(run) } }

  package func opened(by process: SimulatedProcess, of site: VirtualSite) -> any RunHistory {
    OpenedHistory(history: self, process: process, site: site)
  }
}

private struct OpenedHistory: RunHistory {
  let history: MemoryHistory
  let process: SimulatedProcess
  let site: VirtualSite

  func managed(site: String, catalog: [String: AnyKind]) throws(AuditError) -> ManagedSet {
    ManagedSet(resources: history.all.last { $0.record.site == site }?.managed ?? [])
  }

  func json(_ resources: [ManagedResource]) throws(AuditError) -> [UInt8] { try MemoryHistory.lines.json(resources) }

  func specState(_ files: [String]) throws(AuditError) -> SpecState { SpecState(commit: nil, dirty: []) }

  func log(site: String?, limit: Int) throws(AuditError) -> [RunRecord] {
    Array(history.all.lazy.map(\.record).filter { site == nil || $0.site == site }.reversed().prefix(limit))
  }

  /// The contents of a run's commit.
  private static func texts(_ record: AuditRecord) throws(AuditError) -> [(String, [UInt8])] {
    let managed = try MemoryHistory.lines.json(record.managed)
    let steps = record.outcome.steps.map { "\($0.step) \($0.detail) \($0.next ?? "")" }.joined(separator: "\n")
    return [
      ("the recorded plan", Array(record.planText.utf8)), ("the recorded plan", Array(record.planJSON.utf8)),
      ("the record of what is managed", managed), ("the recorded outcome", Array(steps.utf8)),
      ("the recorded facts", Array(record.observed.values.joined(separator: "\n").utf8)),
      ("the recorded description", record.specification.values.flatMap(\.bytes)),
      ("the commit's subject", Array(record.subject.utf8)),
    ]
  }

  func record(_ record: AuditRecord) async throws(AuditError) -> AuditRepository.Recorded {
    await Task.yield()
    if process.isKilled {
      throw AuditError(.git, "the process was killed", next: "Run the command again.")
    }
    let number = history.all.count + 1
    let run = RunRecord(
      id: record.outcome.run, commit: "\(number)", at: record.outcome.finishedAt, result: record.result, by: record.by,
      spec: record.spec.label, site: record.site, subject: record.subject)
    history.append(.init(record: run, managed: record.managed))
    let kept = try Self.texts(record)
    site.watch { watch in
      for (name, text) in kept { watch.said(name, text) }
      watch.recorded(record.outcome)
    }
    await Task.yield()
    return AuditRepository.Recorded(commit: "\(number)", isSigned: false, unsignedBecause: nil)
  }
}
