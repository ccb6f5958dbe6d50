// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A part of what a cluster has: the resources that it wants of the machines, and the kinds that it brings along.
///
/// A new one is a folder beside this file and one line in `WingCatalog.all`.
package protocol Wing: SendableMetatype {
  static var name: String { get }
  /// The kinds of resource that this wing defines, for itself and for others.
  static var kinds: [AnyKind] { get }
  /// Every resource that the wing wants, in any order; empty when the description does not ask for it.
  static func resources(_ cluster: Cluster, _ files: SiteFiles) -> [Resource]
}

package enum Expansion {
  /// What the whole spec asks for: all wings' resources, with an order that names only what exists.
  package static func expand(_ cluster: Cluster, _ files: SiteFiles) -> [Resource] {
    expand(cluster, files, wings: WingCatalog.all)
  }

  package static func expand(
    _ cluster: Cluster, _ files: SiteFiles, wings: [any Wing.Type]
  ) -> [Resource] {
    let resources = orderClones(wings.flatMap { $0.resources(cluster, files) })
    // `after` is order, not demand: a wing may name what another one only wants in some clusters.
    let wanted = Set(resources.map(\.id))
    return resources.map { resource in
      var resource = resource
      var seen: Set<ResourceID> = [resource.id]
      resource.after = resource.after.filter { wanted.contains($0) && seen.insert($0).inserted }
      return resource
    }
  }
}
