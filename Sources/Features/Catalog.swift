// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A part of the cluster that can be wanted: a pure function from the spec to resources.
///
/// A new one is a folder beside this file and one line in `FeatureCatalog.all`.
package protocol Feature: SendableMetatype {
  static var name: String { get }
  /// Every resource the feature wants, in any order; empty when the spec does not ask for it.
  static func resources(_ cluster: Cluster, _ files: SiteFiles) -> [Resource]
}

package enum FeatureCatalog {
  package static let all: [any Feature.Type] = [
    Heads.self,
    TimeZone.self,
    Netboot.self,
    Images.self,
    HeadClones.self,
    Nodes.self,
    HighAvailability.self,
  ]
}

package enum Expansion {
  /// What the whole spec asks for: all features' resources, with an order that names only what exists.
  package static func expand(_ cluster: Cluster, _ files: SiteFiles) -> [Resource] {
    expand(cluster, files, features: FeatureCatalog.all)
  }

  package static func expand(
    _ cluster: Cluster, _ files: SiteFiles, features: [any Feature.Type]
  ) -> [Resource] {
    let resources = orderClones(features.flatMap { $0.resources(cluster, files) })
    // `after` is order, not demand: a feature may name what another one only wants in some clusters.
    let wanted = Set(resources.map(\.id))
    return resources.map { resource in
      var resource = resource
      var seen: Set<ResourceID> = [resource.id]
      resource.after = resource.after.filter { wanted.contains($0) && seen.insert($0).inserted }
      return resource
    }
  }
}
