// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel

/// The BMC of one head, or of each node of a group.
struct BMCDeclaration: Sendable {
  var address: Located<Counted<IPv4Address>>?
  var `protocol`: BMC.BMCProtocol
  var user: Located<String>?
  var password: Located<SecretRef>?
}

/// The keys of both sorts of BMC, but for the address.
private enum BMCKeys {
  static let `protocol` =
    Key("protocol", .choice("a protocol of BMCs"), "How it is spoken to. Default: ipmi, version 2.0 over LAN.")
    as Key<BMC.BMCProtocol>
  static let user = Key("user", .account(longest: 16), required: true, "The BMC's account.")
  static let password = Key(
    "password", .secret, required: true, "The secret that holds the account's password: `secret:NAME`.")

  static let keys = [`protocol`.description, user.description, password.description]

  static func read(
    _ fields: Fields, _ address: Key<Counted<IPv4Address>>, _ problems: inout Problems
  ) -> BMCDeclaration {
    BMCDeclaration(
      address: fields.read(address, &problems), protocol: fields.read(`protocol`, &problems)?.value ?? .ipmi,
      user: fields.read(user, &problems), password: fields.read(password, &problems))
  }
}

enum HeadBMCSection: Section {
  static let noun = "a BMC"
  static let doc = "The head's baseboard management controller: the way to its power switch, also for fencing."
  static let address = Key("address", .single, required: true, "The BMC's IPv4 address.")
  static let keys = [address.description] + BMCKeys.keys

  static func read(_ fields: Fields, _ problems: inout Problems) -> BMCDeclaration {
    BMCKeys.read(fields, address, &problems)
  }
}

enum NodeBMCSection: Section {
  static let noun = "a BMC"
  static let doc = "The baseboard management controller of each node: the way to its power switch."
  static let address = Key(
    "address", .counted, required: true, "The BMC's IPv4 address. With `+` at the end it counts up with the names.")
  static let keys = [address.description] + BMCKeys.keys

  static func read(_ fields: Fields, _ problems: inout Problems) -> BMCDeclaration {
    BMCKeys.read(fields, address, &problems)
  }
}
