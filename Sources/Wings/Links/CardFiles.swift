// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The interfaces of one machine as systemd-networkd makes and configures them: systemd.netdev(5), systemd.network(5).
///
/// Heads and nodes have the same files, but for their names and for what a card is found by.
struct CardFiles {
  let cluster: Cluster
  let nics: [NIC]
  /// Addresses that are the machine's own, for good or now and then: it is no router to itself.
  let own: Set<IPv4Address>

  init(_ head: Head, in cluster: Cluster) {
    self.cluster = cluster
    nics = head.nics
    own = Set(nics.map(\.address) + (cluster.ha?.allAddresses.map(\.address) ?? []))
  }

  init(_ node: ComputeNode, in cluster: Cluster) {
    self.cluster = cluster
    nics = node.nics
    own = Set(nics.map(\.address))
  }

  /// A card that is in a bond, or that carries VLANs and is not described itself.
  struct Bare: Hashable {
    var name: String
    var bond: String?
    var vlans: [String] = []
    var mtu: Int?
  }

  func mtu(_ nic: NIC) -> Int? { nic.mtu ?? cluster.network(nic.network)?.mtu }

  func routes(_ nic: NIC) -> [StaticRoute] { cluster.routes(of: nic, own: own) + backToHeads(nic) }

  /// The way to the heads of a machine behind a relay that leaves elsewhere, as a login node does.
  private func backToHeads(_ nic: NIC) -> [StaticRoute] {
    guard nic.made == nil, let network = cluster.network(nic.network), network.serves.contains(.boot),
      network.relay != nil, let router = network.gateway, let entry = cluster.entry(of: network),
      let way = cluster.gateway(of: nics, isHead: false), way.nic != nic
    else { return [] }
    return [StaticRoute(to: entry.cidr, via: router)]
  }

  /// The VLANs over an interface.
  func vlans(over name: String) -> [String] {
    nics.filter { if case .vlan(_, name)? = $0.made { true } else { false } }.map(\.name)
  }

  /// The number of a routing table of its own, for a card that is not the only one on its network: an answer leaves by
  /// the card whose address was asked, and not by whichever route is first.
  func table(_ nic: NIC) -> Int? {
    let same = nics.filter { $0.network == nic.network }
    guard same.count > 1, let index = nics.firstIndex(of: nic) else { return nil }
    return 1000 + index
  }

  /// The cards that others are made of, in the order of their names.
  var bare: [Bare] {
    var found: [String: Bare] = [:]
    for nic in nics {
      switch nic.made {
      case .bond(let cards, _):
        for card in cards { found[card] = Bare(name: card, bond: nic.name, mtu: mtu(nic)) }
      case .vlan(_, let link) where !nics.contains { $0.name == link }:
        var carrier = found[link] ?? Bare(name: link)
        carrier.vlans.append(nic.name)
        carrier.mtu = [carrier.mtu, mtu(nic)].compactMap(\.self).max()
        found[link] = carrier
      default: break
      }
    }
    return found.values.sorted { $0.name < $1.name }
  }

  /// The systemd.netdev(5) file of an interface that is made. Nil: it is a card.
  func netdev(_ nic: NIC) -> String? {
    var lines = ["[NetDev]", "Name=\(nic.name)"]
    // DHCP knows the machine by it, whichever card of a bond asks.
    let mac = nic.mac.map { ["MACAddress=\($0)"] } ?? []
    switch nic.made {
    case nil: return nil
    case .vlan(let id, _): lines += ["Kind=vlan"] + mac + ["", "[VLAN]", "Id=\(id)"]
    case .bond(_, let mode):
      lines += ["Kind=bond"] + mac
      // The kernel looks at the cables only when it is told how often.
      lines += ["", "[Bond]", "Mode=\(mode.rawValue)", "MIIMonitorSec=100ms"]
      if mode == .lacp { lines += ["TransmitHashPolicy=layer3+4", "LACPTransmitRate=fast"] }
    }
    return Self.text(lines)
  }

  /// The systemd.network(5) file of a card without an address.
  static func network(_ card: Bare) -> String {
    var lines = ["[Match]", "Name=\(card.name)", ""]
    if let mtu = card.mtu { lines += ["[Link]", "MTUBytes=\(mtu)", ""] }
    lines.append("[Network]")
    lines += card.vlans.map { "VLAN=\($0)" }
    if let bond = card.bond { lines.append("Bond=\(bond)") }
    // It has no business of its own.
    lines += ["LinkLocalAddressing=no", "IPv6AcceptRA=no"]
    return text(lines)
  }

  /// The sections that follow `[Network]`.
  static func routing(
    _ routes: [StaticRoute], table: Int?, address: IPv4Address, prefix: Int
  ) -> [String] {
    var lines: [String] = []
    for route in routes { lines += ["", "[Route]", "Destination=\(route.to)", "Gateway=\(route.via)"] }
    guard let table, let network = IPv4Network(address: address.first(prefix), prefix: prefix) else { return lines }
    lines += [
      "", "[Route]", "Destination=\(network)", "Scope=link", "PreferredSource=\(address)", "Table=\(table)", "",
      "[RoutingPolicyRule]", "From=\(address)", "Table=\(table)",
    ]
    return lines
  }

  /// The lines of `[Network]` that follow from IPv6 of the description. Where a router is described, or none is wanted,
  /// nobody on the network makes itself one by advertisements.
  static func ipv6(_ ipv6: LinkGoal.IPv6) -> [String] {
    ["Address=\(ipv6.text)"] + (ipv6.router.map { ["Gateway=\($0)"] } ?? [])
      + ["IPv6AcceptRA=\(ipv6.gateway == .advertised ? "yes" : "no")"]
  }

  /// The router alone, of what it advertises: addresses and resolvers are described.
  static let routerAlone = [
    "", "[IPv6AcceptRA]", "UseAutonomousPrefix=no", "UseDNS=no", "UseMTU=no", "DHCPv6Client=no",
  ]

  /// The routing table of a card that is not the only one on its network.
  static func routing(_ ipv6: LinkGoal.IPv6, table: Int) -> [String] {
    [
      "", "[Route]", "Destination=\(ipv6.address.first(ipv6.prefix))/\(ipv6.prefix)", "Table=\(table)", "",
      "[RoutingPolicyRule]", "From=\(ipv6.address)", "Table=\(table)",
    ]
  }

  static func text(_ lines: [String]) -> String {
    (["# Written by cluster; changes made here are undone."] + lines).joined(separator: "\n") + "\n"
  }
}

extension IPv4Address {
  /// The first address of the network with this prefix length that it is in.
  fileprivate func first(_ prefix: Int) -> IPv4Address {
    IPv4Address(bits: prefix == 0 ? 0 : bits & (~0 << UInt32(32 - prefix)))
  }
}
