// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel

/// The BMC of one head, or of each node of a group.
struct BMCDeclaration: Sendable {
  var address: Located<Counted<IPv4Address>>?
  var user: Located<String>?
  var password: Located<SecretRef>?
  /// Values of the keys that wings have declared, by key.
  var settings: [String: Setting]

  /// The protocol that a wing has read, or the one of a BMC that names none.
  var `protocol`: BMC.BMCProtocol { settings["protocol"]?.value as? BMC.BMCProtocol ?? .ipmi }
}

/// The keys of both sorts of BMC, but for the address.
private enum BMCKeys {
  static let user = Key("user", .account(longest: 16), required: true, "The BMC's account.")
  static let password = Key(
    "password", .secret, required: true, "The secret that holds the account's password: `secret:NAME`.")

  static let keys = [user.description, password.description]

  static func read(
    _ fields: Fields, _ address: Key<Counted<IPv4Address>>, _ more: [WingKey], _ problems: inout Problems
  ) -> BMCDeclaration {
    BMCDeclaration(
      address: fields.read(address, &problems), user: fields.read(user, &problems),
      password: fields.read(password, &problems), settings: more.settings(fields, &problems))
  }
}

enum HeadBMCSection: Section {
  static let noun = "a BMC"
  static let doc = "The head's baseboard management controller: the way to its power switch, also for fencing."
  static let address = Key("address", .single, required: true, "The BMC's IPv4 address.")
  static let keys = [address.description] + BMCKeys.keys

  static func read(_ fields: Fields, _ problems: inout Problems) -> BMCDeclaration {
    BMCKeys.read(fields, address, [], &problems)
  }

  static func form(_ more: [WingKey]) -> Form<BMCDeclaration> {
    form(with: more.map(\.description)) { BMCKeys.read($0, address, more, &$1) }
  }
}

enum NodeBMCSection: Section {
  static let noun = "a BMC"
  static let doc = "The baseboard management controller of each node: the way to its power switch."
  static let address = Key(
    "address", .counted, required: true, "The BMC's IPv4 address. With `+` at the end it counts up with the names.")
  static let keys = [address.description] + BMCKeys.keys

  static func read(_ fields: Fields, _ problems: inout Problems) -> BMCDeclaration {
    BMCKeys.read(fields, address, [], &problems)
  }

  static func form(_ more: [WingKey]) -> Form<BMCDeclaration> {
    form(with: more.map(\.description)) { BMCKeys.read($0, address, more, &$1) }
  }
}
