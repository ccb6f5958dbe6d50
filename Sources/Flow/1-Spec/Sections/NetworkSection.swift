// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms

enum NetworkSection: Section {
  struct Declaration: Sendable {
    var cidr: Located<IPv4Network>?
    var gateway: Located<IPv4Address>?
    var dns: [Located<IPv4Address>]
    var serves: [Located<Network.Service>]
    /// False when an item of `serves:` could not be read, so that nothing is missed in it.
    var servesAll: Bool
    var dynamic: Located<Network.Range>?

    func serves(_ service: Network.Service) -> Bool { serves.contains { $0.value == service } }
  }

  static let noun = "a network"
  static let doc = "One IPv4 network."

  static let cidr = Key(
    "cidr", .network, required: true, "The network's first address and prefix length, such as 10.1.0.0/16.")
  static let gateway = Key("gateway", .address, "The router to other networks. Default: none.")
  static let dns = Key(
    "dns", .list(of: .address, "a list of addresses", unique: true),
    "Resolvers that machines on this network ask for names outside the cluster.")
  static let serves = Key(
    "serves", .list(of: Form<Network.Service>.choice("a service of a network"), "a list of services", unique: true),
    "What the heads offer on this network: dhcp, dns, and boot (TFTP, iPXE and images over HTTP).")
  static let dynamic = Key(
    "dynamic", .range,
    "Addresses for machines that are not named in this file: FIRST-LAST. Default: none, they get no answer.")

  static let keys = [cidr.description, gateway.description, dns.description, serves.description, dynamic.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    let services = fields.read(serves, &problems)?.value ?? []
    return Declaration(
      cidr: fields.read(cidr, &problems), gateway: fields.read(gateway, &problems),
      dns: fields.read(dns, &problems)?.value ?? [], serves: services,
      servesAll: fields.entry(serves.name).map { $0.value.itemCount == services.count && !services.isEmpty } ?? true,
      dynamic: fields.read(dynamic, &problems))
  }
}

/// A network interface of one head, or of each node of a group.
struct NICDeclaration: Sendable {
  var network: Located<String>?
  var address: Located<Counted<IPv4Address>>?
  var mac: Located<Counted<MACAddress>>?
  /// `mac:` is in the file, readable or not.
  var hasMAC: Bool
}

enum HeadNICSection: Section {
  static let noun = "a network interface"
  static let doc = "A network interface of a head."

  static let network = Key(
    "network", .label("the name of a network", longest: 32), required: true,
    "The network it is on, a name under `networks:`.")
  static let address = Key("address", .single, required: true, "Its fixed IPv4 address.")
  static let mac = Key(
    "mac", .singleMAC, "Its hardware address. Needed where a clone network-boots. Default: not checked.")

  static let keys = [network.description, address.description, mac.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> NICDeclaration {
    NICDeclaration(
      network: fields.read(network, &problems), address: fields.read(address, &problems),
      mac: fields.read(mac, &problems),
      hasMAC: fields.entry(mac.name) != nil)
  }
}

enum NodeNICSection: Section {
  static let noun = "a network interface"
  static let doc = "A network interface of each node of the group."

  static let network = Key(
    "network", .label("the name of a network", longest: 32), required: true,
    "The network it is on, a name under `networks:`.")
  static let address = Key(
    "address", .counted, required: true, mayBeInTable: true,
    "Its fixed IPv4 address. With `+` at the end it counts up with the names: 10.1.1.1+.")
  static let mac = Key(
    "mac", .countedMAC, "Its hardware address, by which DHCP knows it. With `+` at the end it counts up with the names."
  )

  static let keys = [network.description, address.description, mac.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> NICDeclaration {
    NICDeclaration(
      network: fields.read(network, &problems), address: fields.read(address, &problems),
      mac: fields.read(mac, &problems),
      hasMAC: fields.entry(mac.name) != nil)
  }
}
