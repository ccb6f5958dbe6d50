// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms

/// Every node, ready on its image.
package enum Nodes: Wing {
  package static let name = "nodes"
  package static let kinds: [AnyKind] = [AnyKind(NodesKind.self)]
  package static let probes: [any Probe.Type] = [NodeReportsProbe.self]
  package static let operations: [any HostOperation.Type] = [EnsureNode.self]
  package static let keys = [WingKey(Provisioners.key, in: .nodes)]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard let network = cluster.bootNetwork, let first = cluster.nodesInService.first else { return [] }
    let images = published.images.mapValues { "\($0.name)/\($0.digest)" }
    let rows = cluster.nodesInService.compactMap { node -> NodesKind.Row? in
      guard let nic = node.nics.first(where: { $0.network == network.name }), let mac = nic.mac,
        let image = images[node.image]
      else { return nil }
      return NodesKind.Row(
        name: node.name, mac: mac, address: nic.address, bmc: node.bmc, boot: node.boot, image: image)
    }
    return [
      Resource(
        NodesKind.id,
        NodesKind.Desired(
          heads: cluster.heads.map(\.name), server: published.serviceAddress, nodes: rows,
          boots: Power.policy(cluster).boots),
        because: "nodes run their image",
        source: first.source, after: cluster.heads.flatMap(before) + cluster.images.map { ImageKind.id($0.name) },
        mayFollow: [PacemakerConfigurationKind.id])
    ]
  }

  /// A node boots when all that it meets on its way is in place: addresses, scripts, the services.
  private static func before(_ head: Head) -> [ResourceID] {
    [
      WellKnown.machineScripts(on: head.name), TreeKind.id(on: head.name, WellKnown.bootScripts),
      TreeKind.id(on: head.name, WellKnown.dhcpHosts), WellKnown.unit("dnsmasq.service", on: head.name),
      WellKnown.unit("nginx.service", on: head.name), HighAvailabilityBootstrapKind.id(on: head.name),
    ]
  }
}
