// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The record of runs, as a run needs it: what earlier ones left, which spec this is, and a place for what was done.
///
/// `AuditRepository` keeps it in git, the simulator in memory.
package protocol RunHistory: Sendable {
  /// What the newest run on a site has left under management. Empty when there was none.
  func managed(site: String, catalog: [String: AnyKind]) throws(AuditError) -> ManagedSet
  /// Resources as a text that `ManagedSet` reads.
  func json(_ resources: [ManagedResource]) throws(AuditError) -> [UInt8]
  /// Learns at a run's beginning what is managed when it succeeds: recording it then costs what has changed, and no
  /// more.
  func prepare(_ resources: [ManagedResource]) throws(AuditError)
  /// Which commit the spec is at. `files` are the spec and what it refers to, relative to its folder.
  func specState(_ files: [String]) throws(AuditError) -> SpecState
  /// Runs on a site, newest first. Empty when nothing has been recorded yet. Nil as `site`: of all sites.
  func log(site: String?, limit: Int) throws(AuditError) -> [RunRecord]
  /// Keeps one run. Runs that are recorded at the same time come one after the other.
  func record(_ record: AuditRecord) async throws(AuditError) -> AuditRepository.Recorded
}

extension RunHistory {
  /// A history that is not kept as text has none to keep.
  package func json(_ resources: [ManagedResource]) throws(AuditError) -> [UInt8] { try ManagedSet.json(resources) }
  package func prepare(_ resources: [ManagedResource]) throws(AuditError) {}
}
