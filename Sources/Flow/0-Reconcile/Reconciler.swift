// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The whole program on one screen: read → expand → observe → plan → execute → record.
///
/// Every command calls it. Reading happened before (`Specification`); the ways to the hosts are given.
package struct Reconciler: Sendable {
  package let site: Site
  package let specification: Specification
  package let cluster: Cluster
  package let hosts: [HostID: any HostAccess.Host]
  package let secrets: any SecretStore
  /// Who asks: `user@machine`.
  package let by: String
  /// Seconds since 1970.
  package let now: @Sendable () -> Int

  package init(
    site: Site, specification: Specification, cluster: Cluster, hosts: [HostID: any HostAccess.Host],
    secrets: any SecretStore,
    by: String, now: @escaping @Sendable () -> Int
  ) {
    self.site = site
    self.specification = specification
    self.cluster = cluster
    self.hosts = hosts
    self.secrets = secrets
    self.by = by
    self.now = now
  }
}
