// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel

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
