// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The identity of each node on every head: its SSH host key, the secrets of its image, and whose key may log in as
/// root. A node fetches it when it boots; nginx gives each the one of its address: see `NginxConfiguration`.
///
/// The key of the site is in the secret store and not on the heads. They hold what they serve, and their own key.
package enum NodeIdentities: Wing {
  package static let name = "node-identities"
  package static let kinds: [AnyKind] = [AnyKind(NodeIdentitiesKind.self), AnyKind(NodeRefreshKind.self)]
  package static let probes: [any Probe.Type] = [NodeIdentitiesProbe.self]
  package static let operations: [any HostOperation.Type] = [
    EnsureNodeIdentities.self, EnsureNodeIdentitiesAbsent.self, EnsureNodesRefreshed.self,
  ]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard cluster.bootNetwork != nil, let first = cluster.nodes.first else { return [] }
    let goal = goal(cluster, published)
    let written = cluster.heads.map { head in
      Resource(
        NodeIdentitiesKind.id(on: head.name), NodeIdentitiesKind.Desired(goal),
        because: "nodes keep their host keys, and get the secrets of their images", source: first.source,
        after: [WellKnown.bootPackages(on: head.name)])
    }
    return written + [refresh(cluster, goal, published, written.map(\.id), source: first.source)]
  }

  /// Nodes that run take what has changed when all heads have it.
  private static func refresh(
    _ cluster: Cluster, _ goal: NodeIdentitiesGoal, _ published: Publications, _ written: [ResourceID],
    source: SourceSpan
  ) -> Resource {
    let common = goal.commonFingerprint
    let servers = Netboot.otherServers(cluster)
    let identities = Dictionary(goal.nodes.map { ($0.name, $0) }) { first, _ in first }
    let rows = cluster.nodesInService.compactMap { node -> NodeRefreshKind.Row? in
      guard let nic = cluster.bootNIC(of: node), let mac = nic.mac,
        let identity = identities[node.name], let image = published.identity(ofImage: node.image)
      else { return nil }
      return NodeRefreshKind.Row(
        name: node.name, mac: mac, address: nic.address, image: image, key: identity.image,
        fingerprint: goal.tag(of: identity, common: common), server: servers[nic.network])
    }
    return Resource(
      NodeRefreshKind.id,
      NodeRefreshKind.Desired(
        heads: cluster.heads.map(\.name), server: published.serviceAddress, nodes: rows,
        secrets: goal.files.mapValues { $0.map(\.secret) }, files: NodeRefreshKind.files(goal)),
      because: "nodes that run have what the heads have for them", source: source,
      after: written + cluster.heads.map { WellKnown.unit("nginx.service", on: $0.name) })
  }

  private static func goal(_ cluster: Cluster, _ published: Publications) -> NodeIdentitiesGoal {
    let single = published.nodeSecrets
    let ofImages = cluster.images.filter { !$0.secrets.isEmpty }.map { ($0.name, $0.secrets) }
    var files = Dictionary(ofImages, uniquingKeysWith: { first, _ in first })
    let nodes = cluster.nodes.compactMap { node -> NodeIdentitiesGoal.Node? in
      guard let own = cluster.bootNIC(of: node)?.address else { return nil }
      let others = node.nics.map(\.address).filter { $0 != own }
      var image = node.image
      let more = single.filter { $0.node == node.name }.map(\.file)
      if !more.isEmpty {
        image = "\(node.image) on \(node.name)"
        files[image] = (files[node.image] ?? []) + more
      }
      return NodeIdentitiesGoal.Node(name: node.name, addresses: [own] + others, image: image)
    }
    let entries = Set(cluster.bootNetworks.compactMap { cluster.entry(of: $0)?.name })
    let own = cluster.heads.flatMap { $0.nics.filter { entries.contains($0.network) }.map(\.address) }
    let heads = Set(own + cluster.bootNetworks.compactMap(cluster.server)).sorted()
    return NodeIdentitiesGoal(
      domain: cluster.domain, heads: heads, nodes: nodes, files: files, live: published.liveFiles.common,
      own: Dictionary(published.liveFiles.own.map { ($0.key.name, $0.value) }) { first, _ in first })
  }

  /// Places on a head that belong to identities.
  static func claims(on host: HostID) -> [Claim] {
    [
      .tree(host, WellKnown.nodeIdentities), .path(host, WellKnown.nodeHostKeys),
      .path(host, WellKnown.nodeLoginKey),
    ]
  }
}
