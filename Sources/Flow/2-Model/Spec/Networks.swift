// SPDX-License-Identifier: Apache-2.0
import Diagnostics

package struct Network: Hashable, Sendable {
  package enum Service: String, Hashable, CaseIterable, Sendable { case dhcp, dns, boot }

  package struct Range: Hashable, Sendable {
    package var first: IPv4Address
    package var last: IPv4Address

    package init(first: IPv4Address, last: IPv4Address) {
      self.first = first
      self.last = last
    }
  }

  /// The IPv6 side of a network of heads.
  package struct IPv6: Hashable, Sendable {
    package enum Gateway: Hashable, Sendable {
      /// May be link-local.
      case address(IPv6Address)
      /// The router that says so itself: router advertisements (RFC 4861).
      case advertised
    }

    package var cidr: IPv6Network
    /// The router. Nil: IPv6 leaves by another network, or not at all.
    package var gateway: Gateway?

    package init(cidr: IPv6Network, gateway: Gateway? = nil) {
      self.cidr = cidr
      self.gateway = gateway
    }
  }

  package var name: String
  package var cidr: IPv4Network
  package var gateway: IPv4Address?
  /// The IPv6 side. Nil: the description says nothing of it, and what is there stays as it is.
  package var ipv6: IPv6?
  /// Resolvers that machines on this network ask for names outside the cluster.
  package var dns: [IPAddress]
  package var serves: Set<Service>
  /// Addresses for machines that DHCP does not know yet.
  package var dynamic: Range?
  /// The largest packet of its cards, in bytes. Nil: what each card has.
  package var mtu: Int?
  /// Ways to other networks, for every machine with a card here.
  package var routes: [StaticRoute]
  /// The active head forwards what its machines send to other networks, under its own address.
  package var isTranslated: Bool
  /// The network over which a relay brings the DHCP requests of this one, on which no head has a card.
  package var relay: String?
  package var source: SourceSpan

  package init(
    name: String, cidr: IPv4Network, gateway: IPv4Address?, dns: [IPAddress], serves: Set<Service>, dynamic: Range?,
    mtu: Int? = nil, routes: [StaticRoute] = [], isTranslated: Bool = false, relay: String? = nil, source: SourceSpan
  ) {
    self.name = name
    self.cidr = cidr
    self.gateway = gateway
    self.dns = dns
    self.serves = serves
    self.dynamic = dynamic
    self.mtu = mtu
    self.routes = routes
    self.isTranslated = isTranslated
    self.relay = relay
    self.source = source
  }
}

/// A way to a network that is not the machine's own.
package struct StaticRoute: Hashable, Codable, Sendable {
  package var to: IPv4Network
  package var via: IPv4Address

  package init(to: IPv4Network, via: IPv4Address) {
    self.to = to
    self.via = via
  }
}

extension Network.IPv6.Gateway: Codable {
  private static let advertisedWord = "ra"

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let isWord = try container.decode(String.self) == Self.advertisedWord
    self = isWord ? .advertised : .address(try container.decode(IPv6Address.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .advertised: try container.encode(Self.advertisedWord)
    case .address(let address): try container.encode(address)
    }
  }
}

extension StaticRoute: CustomStringConvertible {
  package var description: String { "\(to) via \(via)" }
}

package struct NIC: Hashable, Sendable {
  /// The interface's name as the kernel shows it: `eth0`.
  package var name: String
  package var network: String
  package var address: IPv4Address
  /// Only heads have one, on networks with `ipv6:`.
  package var ipv6: IPv6Address?
  package var mac: MACAddress?
  /// In place of its network's.
  package var mtu: Int?
  /// Besides its network's.
  package var routes: [StaticRoute]
  /// The interface is made, of cards that are there. Nil: it is a card itself.
  package var made: MadeInterface?
  package var source: SourceSpan

  package init(
    name: String, network: String, address: IPv4Address, mac: MACAddress?, mtu: Int? = nil,
    routes: [StaticRoute] = [], made: MadeInterface? = nil, source: SourceSpan
  ) {
    self.name = name
    self.network = network
    self.address = address
    self.mac = mac
    self.mtu = mtu
    self.routes = routes
    self.made = made
    self.source = source
  }
}

extension NIC {
  /// Its addresses of both families.
  package var addresses: [IPAddress] { [.v4(address)] + (ipv6.map { [.v6($0)] } ?? []) }
}

/// An interface that systemd-networkd makes: systemd.netdev(5).
package enum MadeInterface: Hashable, Codable, Sendable {
  /// Packets with one tag of IEEE 802.1Q, over a card or a bond.
  case vlan(id: Int, link: String)
  /// Several cards as one.
  case bond(of: [String], mode: BondMode)

  /// The interfaces that it is made of.
  package var parts: [String] {
    switch self {
    case .vlan(_, let link): [link]
    case .bond(let cards, _): cards
    }
  }

  /// Whether one that is there has to go, so that this one can be made: the kernel changes neither mode nor tag.
  package func replaces(_ other: MadeInterface) -> Bool {
    switch (self, other) {
    case (.bond(_, let mode), .bond(_, let seen)): mode != seen
    default: self != other
    }
  }

  /// Cards that are to be in it and are not.
  package func lacking(in other: MadeInterface) -> [String] { parts.filter { !other.parts.contains($0) } }

  package var isVLAN: Bool { if case .vlan = self { true } else { false } }
}

/// Modes of the kernel's bonding driver, by its own names. 802.3ad is LACP.
package enum BondMode: String, Hashable, Codable, CaseIterable, Sendable {
  case roundRobin = "balance-rr"
  case activeBackup = "active-backup"
  case xor = "balance-xor"
  case broadcast
  case lacp = "802.3ad"
  case transmit = "balance-tlb"
  case adaptive = "balance-alb"
}

extension Cluster {
  /// The network on which the heads have their cards for a network: itself, or the one that its relay leads to.
  package func entry(of network: Network) -> Network? { network.relay.map { self.network($0) } ?? network }

  /// The site's resolvers, each once.
  package var resolvers: [IPAddress] {
    networks.flatMap(\.dns).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The networks that machines boot from.
  package var bootNetworks: [Network] { networks.filter { $0.serves.contains(.boot) } }

  /// The network on which nodes meet the heads, and the heads each other. Where several serve boot, the first on which
  /// the heads have cards; with relays alone, the one over which the first relay's requests come.
  package var bootNetwork: Network? {
    let serving = bootNetworks
    return serving.first { $0.relay == nil } ?? serving.first.flatMap(entry)
  }

  /// The card of a node that it boots by: the first on a network that serves boot.
  package func bootNIC(of node: ComputeNode) -> NIC? {
    node.nics.first { nic in
      nic.made == nil && networks.contains { $0.name == nic.network && $0.serves.contains(.boot) }
    }
  }

  /// Where the machines of a network find the heads: the service address on the network by which they come in, or
  /// without high availability the primary's own. Nil: neither has one.
  package func server(of network: Network) -> IPv4Address? {
    guard let entry = entry(of: network) else { return nil }
    if let ha { return ha.addresses.first { $0.network == entry.name }?.address }
    return primary?.nic(on: entry.name)?.address
  }

  /// Where most nodes find the heads.
  package var serviceAddress: IPv4Address? { bootNetwork.flatMap(server) }

  /// The router that machines of a network are told of: its own, or the heads where they route.
  package func router(of network: Network) -> IPv4Address? {
    network.gateway ?? (network.isTranslated ? server(of: network) : nil)
  }

  /// The way out of a machine with these cards. A router of a network that the heads serve is for machines that have
  /// no other; of several others the first counts, and the reader refuses them.
  ///
  /// - Parameter isHead: a head does not route by itself.
  package func gateway(of nics: [NIC], isHead: Bool) -> (nic: NIC, router: IPv4Address)? {
    let ways = nics.compactMap { nic -> (nic: NIC, router: IPv4Address, isServed: Bool)? in
      guard let network = network(nic.network), let router = isHead ? network.gateway : router(of: network) else {
        return nil
      }
      return (nic, router, network.serves.contains(.boot))
    }
    let way = ways.first { !$0.isServed } ?? ways.first
    return way.map { ($0.nic, $0.router) }
  }

  /// The card by which IPv6 of a head leaves. Several that go by what routers advertise are weighed by the kernel.
  package func gateway6(of nics: [NIC]) -> (nic: NIC, router: IPv6Address)? {
    for nic in nics where nic.ipv6 != nil {
      if case .address(let router)? = network(nic.network)?.ipv6?.gateway { return (nic, router) }
    }
    return nil
  }

  /// The static routes of a card. A machine that is the router itself has none.
  package func routes(of nic: NIC, own: Set<IPv4Address>) -> [StaticRoute] {
    ((network(nic.network)?.routes ?? []) + nic.routes).filter { !own.contains($0.via) }
  }
}
