// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

/// Networks among themselves, and what the heads are to serve on them.
enum NetworkChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    overlaps(context, &problems)
    for network in context.declaration.networks {
      guard let value = network.value else { continue }
      gateway(value, &problems)
      dynamic(network.name.value, value, &problems)
      serving(network.name.value, value, context, &problems)
    }
    bootNetworks(context, &problems)
    for group in context.groups { routes(of: group, context, &problems) }
  }

  /// A machine has one way to everywhere else. The router of a boot network is for machines that have no other.
  private static func routes(of head: MachineGroup, _ context: CheckContext, _ problems: inout Problems) {
    var seen: Set<String> = []
    let routers = head.nics.compactMap { nic -> (name: String, gateway: Located<IPv4Address>)? in
      guard let name = nic.value?.network?.value, let network = context.networks[name], !network.serves(.boot),
        network.servesAll, seen.insert(name).inserted
      else { return nil }
      return network.gateway.map { (name, $0) }
    }
    guard let first = routers.first else { return }
    for other in routers.dropFirst() {
      problems.error(
        .twoGateways, "\(head.label) would have two default routes, over `\(first.name)` and `\(other.name)`.",
        help:
          "Which of them is taken would be left to chance. Leave one `gateway:` out, and write `routes:` there for what "
          + "is behind it.", at: other.gateway.span,
        notes: [.init(text: "the first is here", span: first.gateway.span)])
    }
  }

  private static func overlaps(_ context: CheckContext, _ problems: inout Problems) {
    let known = context.declaration.networks.compactMap { network in
      network.value?.cidr.map { (name: network.name.value, cidr: $0) }
    }.sorted { $0.cidr.value.address < $1.cidr.value.address }
    // In the order of addresses, a network overlaps its predecessors only if it overlaps the one that ends last.
    var widest: (name: String, cidr: Located<IPv4Network>)?
    for network in known {
      if let other = widest, other.cidr.value.overlaps(network.cidr.value) {
        let (later, earlier) = network.cidr.span.isAfter(other.cidr.span) ? (network, other) : (other, network)
        problems.error(
          .overlappingNetworks,
          "Network `\(later.name)` (\(later.cidr.value)) overlaps `\(earlier.name)` (\(earlier.cidr.value)).",
          help: "A machine could not tell where to send. Give each network addresses of its own.", at: later.cidr.span,
          notes: [.init(text: "`\(earlier.name)` is described here", span: earlier.cidr.span)])
      }
      if widest.map({ $0.cidr.value.broadcast < network.cidr.value.broadcast }) ?? true { widest = network }
    }
  }

  private static func gateway(_ network: NetworkSection.Declaration, _ problems: inout Problems) {
    guard let gateway = network.gateway, let cidr = network.cidr?.value else { return }
    if !cidr.contains(gateway.value) {
      problems.error(
        .addressOutsideNetwork, "The gateway \(gateway.value) is not in \(cidr).",
        help: "A gateway is reached directly: write the router's address on this network.", at: gateway.span)
    } else if gateway.value == cidr.address || gateway.value == cidr.broadcast {
      let which = gateway.value == cidr.address ? "first" : "broadcast"
      problems.error(
        .reservedAddress, "The gateway \(gateway.value) is the \(which) address of \(cidr).",
        help: "No machine can have it. Write the router's address.", at: gateway.span)
    }
  }

  private static func dynamic(
    _ name: String, _ value: NetworkSection.Declaration, _ problems: inout Problems
  ) {
    guard let range = value.dynamic else { return }
    if !value.serves(.dhcp), value.servesAll {
      problems.error(
        .dynamicWithoutDHCP, "`\(name)` has a dynamic range but does not serve dhcp.",
        help: "No server would give these addresses out. Add dhcp to `serves:`, or remove `dynamic:`.", at: range.span)
    }
    guard let cidr = value.cidr?.value else { return }
    let (first, last) = (range.value.first, range.value.last)
    if !cidr.contains(first) || !cidr.contains(last) {
      problems.error(
        .dynamicRange, "The range \(first)-\(last) is not within \(cidr).", help: "Choose a range within the network.",
        at: range.span)
    } else if first == cidr.address || last == cidr.broadcast {
      problems.error(
        .dynamicRange, "The range \(first)-\(last) holds the first or the broadcast address of \(cidr).",
        help: "No machine can have these. Leave them out.", at: range.span)
    }
  }

  private static func serving(
    _ name: String, _ value: NetworkSection.Declaration, _ context: CheckContext, _ problems: inout Problems
  ) {
    if let boot = value.serves.first(where: { $0.value == .boot }), !value.serves(.dhcp), value.servesAll {
      problems.error(
        .bootWithoutDHCP, "`\(name)` serves boot but not dhcp.",
        help: "Firmware learns from DHCP where to boot from. Write `serves: [dhcp, dns, boot]`.", at: boot.span)
    }
    guard let first = value.serves.first, value.relay == nil, !context.heads.isEmpty,
      context.heads.allSatisfy(\.isWhole), !context.heads.contains(where: { $0.nic(on: name) != nil })
    else { return }
    let services = value.serves.map(\.value.rawValue).joined(separator: ", ")
    problems.error(
      .servesWithoutHead, "`\(name)` is to serve \(services), but no head has a network interface on it.",
      help:
        "The heads provide these services. Give them an interface on `\(name)`. Where its router relays DHCP to them, "
        + "write `relay:` with the network by which it reaches them.",
      at: first.span)
  }

  private static func bootNetworks(_ context: CheckContext, _ problems: inout Problems) {
    if context.bootNetworks.isEmpty, context.knowsAllNetworks, let group = context.nodes.first {
      problems.error(
        .noBootNetwork, "There are nodes, but no network serves boot.",
        help: "Write `serves: [dhcp, dns, boot]` in the network that the nodes and the heads are on.",
        at: group.nameSpan)
    }
  }
}

extension SourceSpan {
  func isAfter(_ other: SourceSpan) -> Bool { (line, column) > (other.line, other.column) }

  /// The word that the span begins with.
  func beginning(_ word: String) -> SourceSpan {
    SourceSpan(file: file, line: line, column: column, endLine: line, endColumn: column + word.unicodeScalars.count)
  }
}
