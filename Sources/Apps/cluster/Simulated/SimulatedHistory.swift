// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Foundation
import Reconciler

/// The record of runs on machines in memory: in a repository of its own. Which commit the description is at is still
/// asked of its own repository, where there is one.
struct SimulatedHistory: RunHistory {
  let record: AuditRepository
  private let spec: AuditRepository?

  init(_ state: SimulatedState, of specification: URL) throws {
    record = try AuditRepository.make(in: state.record.path)
    do throws(AuditError) {
      spec = try AuditRepository(folder: specification.deletingLastPathComponent().path)
    } catch {
      // Without a repository there is no commit to name; any other trouble with it would only be in the way here.
      spec = nil
    }
  }

  func managed(site: String, catalog: [String: AnyKind]) throws(AuditError) -> ManagedSet {
    try record.managed(site: site, catalog: catalog)
  }

  func specState(_ files: [String]) throws(AuditError) -> SpecState {
    try spec?.specState(files) ?? SpecState(commit: nil, dirty: [])
  }

  func json(_ resources: [ManagedResource]) throws(AuditError) -> [UInt8] { try record.json(resources) }
  func prepare(_ resources: [ManagedResource]) throws(AuditError) { try record.prepare(resources) }
  func log(site: String?, limit: Int) throws(AuditError) -> [RunRecord] { try record.log(site: site, limit: limit) }

  func record(_ record: AuditRecord) async throws(AuditError) -> AuditRepository.Recorded {
    try await self.record.record(record)
  }
}
