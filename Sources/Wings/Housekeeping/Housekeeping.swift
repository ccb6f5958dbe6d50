// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// No head keeps what nobody needs any more: old images, their packages, old versions of the agent.
package enum Housekeeping: Wing {
  package static let name = "housekeeping"
  package static let kinds: [AnyKind] = [AnyKind(LeftoversKind.self)]
  package static let probes: [any Probe.Type] = [StoredProbe.self]
  package static let operations: [any HostOperation.Type] = [EnsureLeftoversAbsent.self]
  package static let errands: [any Errand.Type] = [CollectErrand.self]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    let desired = LeftoversKind.Desired(cluster, published)
    return cluster.heads.map { head in
      Resource(
        LeftoversKind.id(on: head.name), desired, because: "a head keeps what is needed, and two more of each",
        source: head.source)
    }
  }
}

extension LeftoversKind.Desired {
  package init(_ cluster: Cluster, _ published: Publications) {
    let recipes = cluster.images.compactMap { published.images[$0.name] }
    self.init(
      heads: cluster.heads.map(\.name), images: recipes.map { "\($0.name)/\($0.digest)" },
      packages: recipes.flatMap { [$0.baseKey, $0.layerKey] })
  }
}
