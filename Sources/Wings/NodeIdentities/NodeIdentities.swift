// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The identity of each node on every head: its SSH host key, the secrets of its image, and whose key may log in as
/// root. A node fetches it when it boots; nginx gives each the one of its address: see `NginxConfiguration`.
///
/// The key of the site is in the secret store and not on the heads. They hold what they serve, and their own key.
package enum NodeIdentities: Wing {
  package static let name = "node-identities"
  package static let kinds: [AnyKind] = [AnyKind(NodeIdentitiesKind.self)]
  package static let probes: [any Probe.Type] = [NodeIdentitiesProbe.self]
  package static let operations: [any HostOperation.Type] = [
    EnsureNodeIdentities.self, EnsureNodeIdentitiesAbsent.self,
  ]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard let network = cluster.bootNetwork, let first = cluster.nodes.first else { return [] }
    let goal = goal(cluster, network, published.nodeSecrets)
    return cluster.heads.map { head in
      Resource(
        NodeIdentitiesKind.id(on: head.name), NodeIdentitiesKind.Desired(goal),
        because: "nodes keep their host keys, and get the secrets of their images", source: first.source,
        after: [WellKnown.bootPackages(on: head.name)])
    }
  }

  private static func goal(
    _ cluster: Cluster, _ network: Network, _ single: [NodeSecret]
  ) -> NodeIdentitiesGoal {
    let ofImages = cluster.images.filter { !$0.secrets.isEmpty }.map { ($0.name, $0.secrets) }
    var files = Dictionary(ofImages, uniquingKeysWith: { first, _ in first })
    let nodes = cluster.nodes.compactMap { node -> NodeIdentitiesGoal.Node? in
      guard let own = node.nics.first(where: { $0.network == network.name })?.address else { return nil }
      let others = node.nics.map(\.address).filter { $0 != own }
      var image = node.image
      let more = single.filter { $0.node == node.name }.map(\.file)
      if !more.isEmpty {
        image = "\(node.image) on \(node.name)"
        files[image] = (files[node.image] ?? []) + more
      }
      return NodeIdentitiesGoal.Node(name: node.name, addresses: [own] + others, image: image)
    }
    let own = cluster.heads.compactMap { $0.nic(on: network.name)?.address }
    let heads = Set(own + [Netboot.serviceAddress(cluster)].compactMap(\.self)).sorted()
    return NodeIdentitiesGoal(domain: cluster.domain, heads: heads, nodes: nodes, files: files)
  }

  /// Places on a head that belong to identities.
  static func claims(on host: HostID) -> [Claim] {
    [
      .tree(host, WellKnown.nodeIdentities), .path(host, WellKnown.nodeHostKeys),
      .path(host, WellKnown.nodeLoginKey),
    ]
  }
}
