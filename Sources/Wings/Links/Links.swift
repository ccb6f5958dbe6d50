// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Network interfaces of a head and their addresses. Wants nothing itself: `Heads` does.
package enum Links: Wing {
  package static let name = "links"
  package static let kinds: [AnyKind] = [
    AnyKind(LinkKind.self), AnyKind(IfupdownKind.self), AnyKind(NetworkManagerKind.self),
    AnyKind(AddressOwnersKind.self),
  ]
  package static let probes: [any Probe.Type] = [LinksProbe.self, IfupdownProbe.self]
  package static let operations: [any HostOperation.Type] = [EnsureLink.self, EnsureAddress.self]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }

  /// The kind of resource that says which address a head has.
  package static let kind = LinkKind.name

  /// The address that a run has left an interface with, or the one that had a gateway then.
  package static func address(of interface: String, in managed: [ManagedResource]) -> IPv4Address? {
    let links = managed.compactMap { ($0.desired as? LinkKind.Desired)?.link }
    return (links.first { $0.interface == interface } ?? links.first { $0.gateway != nil })?.address
  }
}

/// Every network interface with its addresses and routes.
package struct LinksProbe: Probe {
  package typealias Answer = [LinkState]

  package static let name = "links"

  package init() {}

  package var words: String { "links" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ links: [LinkState], _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("links", explained(links, nodes))]
  }

  package func explained(_ links: [LinkState], _ nodes: NodeNames) -> [String] {
    links.flatMap { link in
      ["\(link.name) \(link.up ? "up" : "down")"] + link.held.map { "\(link.name) address \($0)" }
        + (link.routes ?? []).map { "\(link.name) route \($0)" }
    }.sorted()
  }
}

package struct LinkState: Hashable, Codable, Sendable {
  package var name: String
  package var mac: MACAddress?
  package var up: Bool
  /// `address/prefix`, IPv4 only.
  package var addresses: [String]
  /// Default gateways through this link.
  package var gateways: [IPv4Address]
  /// The largest packet, in bytes. Nil: not known.
  package var mtu: Int?
  /// IPv6 addresses that stay until somebody takes them away, as `address/prefix`: neither link-local ones nor those
  /// that follow from what routers advertise. Nil: none.
  package var ipv6: [String]?
  /// Default gateways of IPv6 through this link. Nil: none.
  package var gateways6: [IPv6Address]?
  /// Other routes over a gateway through this link. Nil: not known.
  package var routes: [StaticRoute]?
  /// The addresses of both families that somebody has given it.
  package var held: [String] { addresses + (ipv6 ?? []) }

  /// The kernel's account of a VLAN or bond. Nil: it is neither.
  package var made: MadeInterface?

  package init(
    name: String, mac: MACAddress?, up: Bool, addresses: [String], gateways: [IPv4Address], mtu: Int? = nil,
    routes: [StaticRoute]? = nil, made: MadeInterface? = nil
  ) {
    self.mtu = mtu
    self.routes = routes
    self.made = made
    self.name = name
    self.mac = mac
    self.up = up
    self.addresses = addresses
    self.gateways = gateways
  }
}
