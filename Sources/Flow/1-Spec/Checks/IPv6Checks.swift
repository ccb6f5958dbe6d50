// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// IPv6 of public networks: where it may be, and that addresses are in their networks and belong to one machine each.
enum IPv6Checks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    for network in context.declaration.networks { check(network, context, &problems) }
    overlaps(context, &problems)
    for head in context.heads { cards(of: head, context, &problems) }
    serviceAddresses(context, &problems)
    uniqueness(context, &problems)
  }

  private typealias Network = Named<NetworkSection.Declaration>

  /// Nodes know nothing of IPv6, so it is for networks that the heads do not serve.
  private static func check(_ network: Network, _ context: CheckContext, _ problems: inout Problems) {
    guard let value = network.value, let ipv6 = value.ipv6 else { return }
    let name = network.name.value
    let why: String? =
      if !value.serves.isEmpty {
        "the heads serve \(value.serves.map(\.value.rawValue).joined(separator: ", ")) there"
      } else if value.relay != nil {
        "a relay brings its requests"
      } else {
        value.nat?.value == true ? "the heads route for it" : nil
      }
    if let why {
      problems.error(
        .ipv6NotPublic, "`\(name)` has `ipv6:`, and \(why).",
        help: "What heads and nodes do for each other is IPv4 alone. Remove it here; public networks may have it.",
        at: ipv6.value.place)
    }
    guard let cidr = ipv6.value.cidr else { return }
    if why == nil, context.heads.allSatisfy(\.isWhole), !context.heads.isEmpty,
      !context.heads.contains(where: { head in head.nics.contains { $0.isOn(name) && $0.hasIPv6 } })
    {
      problems.error(
        .noEffect, "No head has an IPv6 address on `\(name)`, so nothing would use its `ipv6:`.",
        help: "Give the heads' cards there one, `ipv6: ADDRESS` beside `address:`, or remove it.", at: ipv6.value.place)
    }
    guard case .address(let router)? = ipv6.value.gateway?.value, let gateway = ipv6.value.gateway else { return }
    if !router.isLinkLocal, !cidr.value.contains(router) {
      problems.error(
        .addressOutsideNetwork, "The gateway \(router) is neither in \(cidr.value) nor link-local.",
        help: "A gateway is reached directly: write the router's address on this network, or its `fe80::` one.",
        at: gateway.span)
    } else if router == cidr.value.address {
      problems.error(
        .reservedAddress, "The gateway \(router) is the first address of \(cidr.value).",
        help: "All routers of a network have that one together (RFC 4291, 2.6.1). Write the router's own.",
        at: gateway.span)
    }
  }

  private static func overlaps(_ context: CheckContext, _ problems: inout Problems) {
    let known = context.declaration.networks.compactMap { network in
      network.value?.ipv6?.value.cidr.map { (name: network.name.value, cidr: $0) }
    }
    for (index, network) in known.enumerated() {
      guard let other = known[..<index].first(where: { $0.cidr.value.overlaps(network.cidr.value) }) else { continue }
      problems.error(
        .overlappingNetworks,
        "Network `\(network.name)` (\(network.cidr.value)) overlaps `\(other.name)` (\(other.cidr.value)).",
        help: "A machine could not tell where to send. Give each network a prefix of its own.", at: network.cidr.span,
        notes: [.init(text: "`\(other.name)` is described here", span: other.cidr.span)])
    }
  }

  private static func cards(of head: MachineGroup, _ context: CheckContext, _ problems: inout Problems) {
    var routers: [(name: String, span: SourceSpan)] = []
    for nic in head.nics {
      guard let address = nic.value?.ipv6, let name = nic.value?.network?.value, let network = context.networks[name]
      else { continue }
      place(address, on: name, network, &problems)
      if let gateway = network.ipv6?.value.gateway, !routers.contains(where: { $0.name == name }) {
        routers.append((name, gateway.span))
      }
    }
    guard let first = routers.first else { return }
    for other in routers.dropFirst() {
      problems.error(
        .twoGateways, "\(head.label) would have two default routes of IPv6, over `\(first.name)` and `\(other.name)`.",
        help: "Which of them is taken would be left to chance. Leave one `gateway:` out.", at: other.span,
        notes: [.init(text: "the first is here", span: first.span)])
    }
  }

  /// One of a head or of the services.
  private static func place(
    _ address: Located<IPv6Address>, on name: String, _ network: NetworkSection.Declaration, _ problems: inout Problems
  ) {
    guard let ipv6 = network.ipv6 else {
      problems.error(
        .noEffect, "\(address.value) is on `\(name)`, which is described without IPv6.",
        help: network.serves.isEmpty
          ? "Add its prefix to the network: `ipv6: { cidr: \(address.value.first(64))/64 }`." : ipv6Help,
        at: address.span)
      return
    }
    guard let cidr = ipv6.value.cidr else { return }
    if !cidr.value.contains(address.value) {
      problems.error(
        .addressOutsideNetwork, "\(address.value) is not in network `\(name)`, which is \(cidr.value).",
        help: "Write an address that begins with its prefix.", at: address.span,
        notes: [.init(text: "`\(name)` is described here", span: cidr.span)])
    } else if address.value == cidr.value.address || ipv6.value.gateway?.value == .address(address.value) {
      let owner = address.value == cidr.value.address ? "all its routers together" : "its gateway"
      problems.error(
        .reservedAddress, "The address \(address.value) is taken: on `\(name)` it is that of \(owner).",
        help: "No machine of the cluster can have it. Choose another one.", at: address.span)
    }
  }

  /// A head without an address of the network could neither hold a service address there nor answer by it.
  private static func serviceAddresses(_ context: CheckContext, _ problems: inout Problems) {
    for entry in context.declaration.ha?.value.ipv6 ?? [] {
      context.check(network: entry.name, &problems)
      let name = entry.name.value
      guard let value = entry.value, let network = context.networks[name] else { continue }
      place(Located(value, entry.valueSpan), on: name, network, &problems)
      guard network.ipv6 != nil else { continue }
      for head in context.heads where head.isWhole && !head.nics.contains(where: { $0.isOn(name) && $0.hasIPv6 }) {
        problems.error(
          .serviceAddressHead,
          "\(head.label) cannot hold the service address of IPv6 on `\(name)`: it has no IPv6 address there.",
          help: "A service address moves between the heads, so each needs `ipv6:` on its card there.",
          at: entry.name.span, notes: [.init(text: "the head", span: head.nameSpan)])
      }
    }
  }

  private static func uniqueness(_ context: CheckContext, _ problems: inout Problems) {
    var claims = Claims<IPv6Address, IPv6Address>(capacity: context.heads.count * 2) { $0 }
    for head in context.heads {
      for nic in head.nics {
        guard let address = nic.value?.ipv6 else { continue }
        claims.begin(.init(machines: head.names, part: "`\(nic.name.value)`", span: address.span))
        claims.claim(address.value, by: 0)
      }
    }
    for entry in context.declaration.ha?.value.ipv6 ?? [] {
      guard let value = entry.value else { continue }
      let part = "the heads' services on `\(entry.name.value)`"
      claims.begin(.init(machines: [], part: part, span: entry.valueSpan))
      claims.claim(value, by: 0)
    }
    claims.report(.duplicateAddress, "address", &problems)
  }
}

extension Named<NICDeclaration> {
  fileprivate func isOn(_ network: String) -> Bool { value?.network?.value == network }
  fileprivate var hasIPv6: Bool { value?.ipv6 != nil }
}
