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

  func specState(_ files: [String]) throws(AuditError) -> SpecState { SpecState(commit: nil, dirty: []) }

  func log(site: String?, limit: Int) throws(AuditError) -> [RunRecord] {
    Array(history.all.lazy.map(\.record).filter { site == nil || $0.site == site }.reversed().prefix(limit))
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
    site.watch { $0.recorded(record.outcome) }
    await Task.yield()
    return AuditRepository.Recorded(commit: "\(number)", isSigned: false, unsignedBecause: nil)
  }
}
