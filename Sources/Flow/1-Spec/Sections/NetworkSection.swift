// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

enum NetworkSection: Section {
  struct Declaration: Sendable {
    var cidr: Located<IPv4Network>?
    var gateway: Located<IPv4Address>?
    var ipv6: Located<IPv6Section.Declaration>?
    var dns: [Located<IPAddress>]
    var serves: [Located<Network.Service>]
    /// False when an item of `serves:` could not be read, so that nothing is missed in it.
    var servesAll: Bool
    var dynamic: Located<Network.Range>?
    var mtu: Located<Int>?
    var routes: [Located<RouteSection.Declaration>]
    var nat: Located<Bool>?
    var relay: Located<String>?

    func serves(_ service: Network.Service) -> Bool { serves.contains { $0.value == service } }
  }

  static let noun = "a network"
  static let doc = "One network."

  static let cidr = Key(
    "cidr", .network, required: true, "The network's first address and prefix length, such as 10.1.0.0/16.")
  static let gateway = Key("gateway", .address, "The router to other networks. Default: none.")
  static let ipv6 = Key(
    "ipv6", IPv6Section.form,
    "IPv6 beside IPv4, on a network that the heads do not serve. Default: none is described, and what cards get by "
      + "themselves stays.")
  static let dns = Key(
    "dns", .list(of: .resolver, "a list of addresses", unique: true),
    "Resolvers that machines on this network ask for names outside the cluster.")
  static let serves = Key(
    "serves", .list(of: Form<Network.Service>.choice("a service of a network"), "a list of services", unique: true),
    "What the heads offer on this network: dhcp, dns, and boot (TFTP, iPXE and images over HTTP).")
  static let dynamic = Key(
    "dynamic", .range,
    "Addresses for machines that are not named in this file: FIRST-LAST. Default: none, they get no answer.")

  static let mtu = Key(
    "mtu", .mtu, "The largest packet of its cards, in bytes, for each machine on it. Default: what each card has.")
  static let routes = Key(
    "routes", RouteSection.list,
    "Ways to other networks over a router of this one, for each machine on it: [{ to: 10.9.0.0/16, via: 10.1.0.254 }].")
  static let nat = Key(
    "nat", .flag,
    "Whether the heads route for it: the active head is the router of its machines, and forwards what they send to the "
      + "network of its own gateway, under its own address. Default: false; heads forward nothing.")
  static let relay = Key(
    "relay", .label("the name of a network", longest: 32),
    "The network by which its DHCP requests reach the heads, which have no card on it: its router relays them. "
      + "Default: none; the heads have a card on it.")

  static let keys = [
    cidr.description, gateway.description, ipv6.description, dns.description, serves.description, dynamic.description,
    mtu.description, routes.description, nat.description, relay.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    let services = fields.read(serves, &problems)?.value ?? []
    return Declaration(
      cidr: fields.read(cidr, &problems), gateway: fields.read(gateway, &problems),
      ipv6: fields.read(ipv6, &problems), dns: fields.read(dns, &problems)?.value ?? [], serves: services,
      servesAll: fields.entry(serves.name).map { $0.value.itemCount == services.count && !services.isEmpty } ?? true,
      dynamic: fields.read(dynamic, &problems), mtu: fields.read(mtu, &problems),
      routes: fields.read(routes, &problems)?.value ?? [], nat: fields.read(nat, &problems),
      relay: fields.read(relay, &problems))
  }
}

/// The value of a network's `ipv6:`.
enum IPv6Section: Section {
  struct Declaration: Sendable {
    var cidr: Located<IPv6Network>?
    var gateway: Located<Network.IPv6.Gateway>?
    /// Where the key stands.
    var place: SourceSpan
  }

  static let noun = "`ipv6`"
  static let doc = "The IPv6 side of a network. Cards of heads have addresses of it by `ipv6:`."

  static let cidr = Key(
    "cidr", .ipv6Network, required: true, "The first address and the prefix length, such as 2001:db8:1::/64.")
  static let gateway = Key(
    "gateway", .ipv6Gateway,
    "The router of IPv6, which may be link-local (fe80::1); or `ra`, for the one that advertises itself: then cards "
      + "take their default route from it, and nothing else. Default: none, and router advertisements are ignored.")

  static let keys = [cidr.description, gateway.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      cidr: fields.read(cidr, &problems), gateway: fields.read(gateway, &problems),
      place: fields.node.firstLineOfHeading)
  }
}
