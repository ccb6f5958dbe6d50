// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel

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
    "address", .counted, required: true,
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
