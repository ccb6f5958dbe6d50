// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// A network interface of one head, or of each node of a group.
struct NICDeclaration: Sendable {
  var network: Located<String>?
  var address: Located<Counted<IPv4Address>>?
  var ipv6: Located<IPv6Address>?
  var mac: Located<Counted<MACAddress>>?
  /// `mac:` is in the file, readable or not.
  var hasMAC: Bool
  var mtu: Located<Int>?
  var routes: [Located<RouteSection.Declaration>]
  var vlan: Located<Int>?
  var link: Located<String>?
  var bond: Located<BondSection.Declaration>?

  /// The interface that is to be made. Nil: it is a card. A VLAN that is called `eno1.902` says so by its name.
  func made(_ name: String) -> MadeInterface? {
    if let bond { return .bond(of: bond.value.cards.map(\.value), mode: bond.value.mode) }
    let named = Self.vlan(in: name)
    guard let id = vlan?.value ?? named?.id, let link = link?.value ?? named?.link else { return nil }
    return .vlan(id: id, link: link)
  }

  /// The parts of a name that vconfig(8), ifupdown and most others give a VLAN: its card and its number.
  static func vlan(in name: String) -> (link: String, id: Int)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
      let id = Int(parts[1]), 1...4094 ~= id
    else { return nil }
    return (String(parts[0]), id)
  }
}

/// The keys of both sorts of interface, but for its addresses.
private enum NICKeys {
  static let network = Key(
    "network", .label("the name of a network", longest: 32), required: true,
    "The network it is on, a name under `networks:`.")
  static let mtu = Key("mtu", .mtu, "The largest packet, in bytes. Default: that of its network.")
  static let routes = Key(
    "routes", RouteSection.list, "Ways to other networks over this interface, besides those of its network.")
  static let vlan = Key(
    "vlan", .integer(1...4094),
    "The tag of a VLAN (IEEE 802.1Q), which makes this interface one over `link`. Default: none, and the number in a "
      + "name like `eno1.902`.")
  static let link = Key(
    "link", .interface, "The card or bond that carries the VLAN. Default: the part of its name before the dot.")
  static let bond = Key(
    "bond", BondSection.form, "Makes this interface of several cards. Default: it is a card itself.")

  static let keys = [mtu.description, routes.description, vlan.description, link.description, bond.description]

  static func read(
    _ fields: Fields, _ address: Key<Counted<IPv4Address>>, _ mac: Key<Counted<MACAddress>>,
    _ problems: inout Problems
  ) -> NICDeclaration {
    NICDeclaration(
      network: fields.read(network, &problems), address: fields.read(address, &problems),
      mac: fields.read(mac, &problems), hasMAC: fields.entry(mac.name) != nil, mtu: fields.read(mtu, &problems),
      routes: fields.read(routes, &problems)?.value ?? [], vlan: fields.read(vlan, &problems),
      link: fields.read(link, &problems), bond: fields.read(bond, &problems))
  }
}

enum HeadNICSection: Section {
  static let noun = "a network interface"
  static let doc = "A network interface of a head."

  static let address = Key("address", .single, required: true, "Its fixed IPv4 address.")
  static let mac = Key(
    "mac", .singleMAC, "Its hardware address. Needed where a clone network-boots. Default: not checked.")

  static let ipv6 = Key(
    "ipv6", .ipv6Address, "Its fixed IPv6 address, on a network with `ipv6:`. Default: none of ours.")

  static let keys =
    [NICKeys.network.description, address.description, ipv6.description, mac.description] + NICKeys.keys

  static func read(_ fields: Fields, _ problems: inout Problems) -> NICDeclaration {
    var declaration = NICKeys.read(fields, address, mac, &problems)
    declaration.ipv6 = fields.read(ipv6, &problems)
    return declaration
  }
}

enum NodeNICSection: Section {
  static let noun = "a network interface"
  static let doc = "A network interface of each node of the group."

  static let elsewhere = ["ipv6": ipv6Help]

  static let address = Key(
    "address", .counted, required: true, mayBeInTable: true,
    "Its fixed IPv4 address. With `+` at the end it counts up with the names: 10.1.1.1+.")
  static let mac = Key(
    "mac", .countedMAC,
    "Its hardware address, by which DHCP knows the card that it boots by, and by which any other is found. With `+` at "
      + "the end it counts up with the names. Default: a card beside the one it boots by is found by its name.")

  static let keys = [NICKeys.network.description, address.description, mac.description] + NICKeys.keys

  static func read(_ fields: Fields, _ problems: inout Problems) -> NICDeclaration {
    NICKeys.read(fields, address, mac, &problems)
  }
}

/// An item of `routes:`.
enum RouteSection: Section {
  struct Declaration: Sendable {
    var to: Located<IPv4Network>?
    var via: Located<IPv4Address>?

    var route: StaticRoute? {
      guard let to, let via else { return nil }
      return StaticRoute(to: to.value, via: via.value)
    }
  }

  static let noun = "a route"
  static let doc = "A way to a network that is not the machine's own."

  static let to = Key(
    "to", .destination, required: true, "Where it leads: 10.9.0.0/16, or 10.9.0.1/32 for one machine.")
  static let via = Key("via", .address, required: true, "The router, an address on this network.")

  static let keys = [to.description, via.description]
  static let list = Form.list(of: form, "a list of routes")

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(to: fields.read(to, &problems), via: fields.read(via, &problems))
  }
}

/// The value of `bond:`.
enum BondSection: Section {
  struct Declaration: Sendable {
    var cards: [Located<String>]
    var mode: BondMode
  }

  static let noun = "a bond"
  static let doc = "Several cards as one interface."

  static let of = Key(
    "of", .list(of: .interface, "a list of cards", minimum: 1, unique: true), required: true,
    "The cards, by the names that the kernel gives them. They have no addresses of their own.")
  static let mode =
    Key(
      "mode", .choice("a mode of bonds"),
      "How packets are shared among the cards, by the kernel's names. 802.3ad (LACP) needs a switch that is set up for "
        + "it. Default: active-backup, which needs none."
    ) as Key<BondMode>

  static let keys = [of.description, mode.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      cards: fields.read(of, &problems)?.value ?? [],
      mode: fields.read(mode, &problems)?.value ?? .activeBackup)
  }
}
