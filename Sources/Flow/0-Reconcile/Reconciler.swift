// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Wings
import HostAccess
import Planning

extension DesiredResources {
  /// What a description asks for, as this program knows to bring it about.
  package static func asked(by cluster: Cluster, _ files: SiteFiles) -> DesiredResources {
    DesiredResources(
      Expansion.expand(cluster, files), catalog: KindCatalog.all, heads: Planning.Heads(cluster))
  }
}

/// The whole program on one screen: read → expand → observe → plan → execute → record.
///
/// Every command calls it. Reading happened before (`Specification`); all that is not a value is given: the ways to the
/// hosts, where runs are kept, and time. `connecting` gives the real ones.
package struct Reconciler: Sendable {
  package let site: Site
  package let specification: Specification
  package let cluster: Cluster
  /// What the description asks for.
  package let wanted: DesiredResources
  package let hosts: [HostID: any HostAccess.Host]
  package let secrets: any SecretStore
  /// What runs were about to do, for those that are killed.
  package let journal: any RunJournal
  package let processes: ProcessTable
  /// The record of runs.
  package let history: any RunHistory
  /// Where the record is kept besides. Nil: nowhere.
  package let copies: HistoryCopies?
  /// Who asks: `user@machine`.
  package let by: String
  /// Measures waits and deadlines; nobody sets it.
  package let clock: any Clock<Duration>
  /// The time of day, in seconds since 1970.
  package let now: @Sendable () -> Int

  package init(
    site: Site, specification: Specification, cluster: Cluster, wanted: DesiredResources? = nil,
    hosts: [HostID: any HostAccess.Host], secrets: any SecretStore, journal: any RunJournal, processes: ProcessTable,
    history: any RunHistory, copies: HistoryCopies? = nil, by: String,
    clock: any Clock<Duration>, now: @escaping @Sendable () -> Int
  ) {
    self.site = site
    self.specification = specification
    self.cluster = cluster
    self.wanted = wanted ?? .asked(by: cluster, specification.files)
    self.hosts = hosts
    self.secrets = secrets
    self.journal = journal
    self.processes = processes
    self.history = history
    self.copies = copies
    self.by = by
    self.clock = clock
    self.now = now
  }
}
