// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The cards of nodes beside the one that they boot by, and what DHCP does not say of that one: VLANs, bonds, MTU,
/// routes, the way out.
///
/// Each node has its files of systemd-networkd with its identity, so a change reaches nodes that run. A unit of the
/// image has them taken up, and fails where a card does not come to what it should have: the node's reports say so.
package enum NodeLinks: Wing {
  package static let name = "node-links"
  package static let kinds: [AnyKind] = []
  package static let probes: [any Probe.Type] = []
  package static let operations: [any HostOperation.Type] = []

  static let unit = "cluster-links.service"

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }

  package static func contributions(_ cluster: Cluster) -> [ImageContribution] {
    let nodes = cluster.nodes.filter { hasFiles($0, cluster) }
    guard let first = nodes.first else { return [] }
    let severalOnOne = nodes.contains { node in
      Set(node.nics.map(\.network)).count < node.nics.count
    }
    var files = [
      "usr/lib/cluster/links": ImagePayload.text(PackageResources.links, executable: true),
      "etc/systemd/system/\(unit)": ImagePayload.text(PackageResources.cluster_links_service),
      // A unit that is wanted by name needs no link in the image.
      "etc/systemd/system/multi-user.target.d/50-\(name).conf": TreeGoal.Entry(.text("[Unit]\nWants=\(unit)\n")),
    ]
    if severalOnOne {
      files["etc/sysctl.d/60-\(name).conf"] = TreeGoal.Entry(.text(oneNetwork))
    }
    return [
      ImageContribution(
        name: name, packages: [], files: files, images: Set(nodes.map(\.image)),
        because: "nodes configure all of their cards", source: first.source)
    ]
  }

  /// Each card answers for its own addresses only: arp_ignore and arp_announce in the kernel's ip-sysctl.
  private static let oneNetwork = """
    # Written by cluster.
    net.ipv4.conf.all.arp_ignore = 1
    net.ipv4.conf.all.arp_announce = 2

    """

  package static func liveFiles(_ cluster: Cluster) -> LiveFiles {
    var live = LiveFiles()
    for node in cluster.nodes where hasFiles(node, cluster) {
      live.own[node.name] = files(node, cluster).map {
        LiveFile(path: $0.path, contents: .text($0.text), live: .restart(unit))
      }
    }
    return live
  }

  /// Whether DHCP does not say all. Ten thousand nodes with one card each are asked.
  private static func hasFiles(_ node: ComputeNode, _ cluster: Cluster) -> Bool {
    if node.nics.count > 1 { return true }
    guard let nic = node.nics.first, let network = cluster.network(nic.network) else { return false }
    return nic.mtu != nil || network.mtu != nil || !nic.routes.isEmpty || !network.routes.isEmpty
  }

  /// 05: before the image's own `10-boot.network`, which is for any card.
  static func path(_ interface: String, _ suffix: String) -> String {
    "/etc/systemd/network/05-cluster-\(interface).\(suffix)"
  }

  static func files(_ node: ComputeNode, _ cluster: Cluster) -> [(path: String, text: String)] {
    let cards = CardFiles(node, in: cluster)
    let (boot, way) = (cluster.bootNIC(of: node), cluster.gateway(of: node.nics, isHead: false))
    var files = cards.bare.filter { $0.name != boot?.name }.map { (path($0.name, "network"), CardFiles.network($0)) }
    for nic in node.nics {
      if let netdev = cards.netdev(nic) { files.append((path(nic.name, "netdev"), netdev)) }
      let isBoot = nic == boot
      let vlans = cards.vlans(over: nic.name)
      if isBoot, cards.mtu(nic) == nil, cards.routes(nic).isEmpty, vlans.isEmpty { continue }
      var lines = match(nic)
      lines += ["", "[Link]", "RequiredForOnline=no"] + (cards.mtu(nic).map { ["MTUBytes=\($0)"] } ?? [])
      lines += ["", "[Network]"]
      // As boot.network of the image has it.
      lines += isBoot ? ["DHCP=ipv4", "KeepConfiguration=yes"] : ["Address=\(address(nic, cluster))"]
      lines += vlans.map { "VLAN=\($0)" }
      if isBoot {
        lines += ["", "[DHCPv4]", "ClientIdentifier=mac", "UseDomains=yes", "UseHostname=yes"]
      } else {
        if way?.nic == nic, let router = way?.router { lines.append("Gateway=\(router)") }
        lines += ["ConfigureWithoutCarrier=yes"]
      }
      lines += CardFiles.routing(
        cards.routes(nic), table: cards.table(nic), address: nic.address,
        prefix: cluster.network(nic.network)?.cidr.prefix ?? 32)
      files.append((path(nic.name, "network"), CardFiles.text(lines)))
    }
    return files
  }

  private static func address(_ nic: NIC, _ cluster: Cluster) -> String {
    "\(nic.address)/\(cluster.network(nic.network)?.cidr.prefix ?? 32)"
  }

  /// A card is found by its MAC address, whatever the kernel calls it; a VLAN over it has the same one.
  private static func match(_ nic: NIC) -> [String] {
    guard let mac = nic.mac, nic.made == nil else { return ["[Match]", "Name=\(nic.name)"] }
    return ["[Match]", "MACAddress=\(mac)", "Type=ether"]
  }
}
