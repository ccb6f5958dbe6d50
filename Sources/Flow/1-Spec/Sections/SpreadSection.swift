// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Services that are kept together on a head of their own, as an entry of `ha.spread`.
enum SpreadSection: Section {
  struct Declaration: Sendable {
    var head: Located<String>?
    var services: [Located<String>]
    var address: Located<IPv4Address>?
  }

  static let noun = "a group of services"
  static let doc = "Services that run together on a head of their own while it is there."

  static let head = Key(
    "head", .label("the name of a head"), required: true,
    "The head that they run on at first; when they go back to it is said by `failback`.")
  static let services = Key(
    "services",
    .list(of: .label("the name of a service", longest: 32), "a list of services", minimum: 1, unique: true),
    required: true, "Services of the site's own, by their names in `ha: services:`, and those of package sets.")
  static let address = Key(
    "address", .address, "A service address that moves with them. Default: none, for services that nobody connects to.")

  static let keys = [head.description, services.description, address.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      head: fields.read(head, &problems), services: fields.read(services, &problems)?.value ?? [],
      address: fields.read(address, &problems))
  }
}
