// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

/// The cards that service addresses are on: services go where those have their carrier.
extension PacemakerElements {
  /// Networks with a service address, whose card every head tells the carrier of: `eth0`, or `head1=eth0 head2=eno1`
  /// where its name is not the same on all.
  private var watched: [(network: String, interface: String)] {
    policy.servedNetworks.compactMap { network in
      let cards = cluster.heads.compactMap { head in head.nic(on: network).map { (head.name, $0.name) } }
      guard let first = cards.first?.1 else { return nil }
      let isOne = cards.allSatisfy { $0.1 == first }
      return (network, isOne ? first : cards.map { "\($0.0)=\($0.1)" }.joined(separator: " "))
    }
  }

  /// On each head, for each card that a service address is on: an attribute that says whether it has its carrier.
  var links: [CIBElement] {
    watched.map { network, interface in
      let id = Self.linkID(network)
      let primitive = XMLElement.primitive(
        id, ["class": "ocf", "provider": "cluster", "type": "link"],
        [("interface", interface), ("attribute", id)], meta: [("migration-threshold", "INFINITY")],
        operations: [
          ("monitor", .seconds(1), MonitorTiming.stay(every: .seconds(1)) + .seconds(15)),
          ("start", .zero, .seconds(20)), ("stop", .zero, .seconds(20)),
        ])
      let clone = XMLElement("clone", [.init("id", "\(id)-clone")], children: [.element(primitive)])
      return CIBElement(section: .resources, id: "\(id)-clone", xml: clone.canonical)
    }
  }

  /// The resource, and the attribute of each head.
  static func linkID(_ network: String) -> String { "link-\(network)" }

  /// Services are where their networks are. The boot network counts for more than all others together.
  ///
  /// A bonus for a carrier and not a ban without one: where no head has it, services stay where they are.
  /// A group of `spread` has to do with the network of its own address alone.
  func whereLinked(_ group: ServiceGroup) -> [CIBElement] {
    guard let address = group.address else { return [] }
    let own = group.name == nil ? Set(policy.addresses.map(\.network) + policy.ipv6.map(\.network)) : [address.network]
    return watched.filter { own.contains($0.network) }.map { network, _ in
      let link = Self.linkID(network)
      let id = group.name.map { "spread.\($0).\(link)" } ?? link
      let score = network == address.network ? 500_000 : 20_000
      let rule = XMLElement(
        "rule", [.init("id", "\(id)-up"), .init("score", "\(score)")],
        children: [
          .element(
            XMLElement(
              "expression",
              [
                .init("id", "\(id)-has-carrier"), .init("attribute", link), .init("operation", "eq"),
                .init("value", "1"),
              ]))
        ])
      let location = XMLElement(
        "rsc_location",
        [.init("id", "\(id)-preferred"), .init("rsc", group.anchor)],
        children: [.element(rule)])
      return CIBElement(section: .constraints, id: "\(id)-preferred", xml: location.canonical)
    }
  }
}
