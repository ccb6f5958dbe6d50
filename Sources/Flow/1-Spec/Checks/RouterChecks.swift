// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Ways between networks: routes, relays of DHCP, and heads that route.
enum RouterChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    for network in context.declaration.networks {
      guard let value = network.value else { continue }
      routes(value.routes, network.name.value, context, &problems)
      if let relay = value.relay { relayed(network, value, relay, context, &problems) }
      if let nat = value.nat, nat.value { translated(network, value, nat, context, &problems) }
    }
    for group in context.groups {
      for nic in group.nics {
        guard let value = nic.value, let network = value.network?.value else { continue }
        routes(value.routes, network, context, &problems)
      }
    }
  }

  /// A router is reached directly, and leads to somewhere else.
  private static func routes(
    _ routes: [Located<RouteSection.Declaration>], _ name: String, _ context: CheckContext,
    _ problems: inout Problems
  ) {
    guard let cidr = context.networks[name]?.cidr?.value else { return }
    for route in routes {
      guard let to = route.value.to, let via = route.value.via else { continue }
      if !cidr.contains(via.value) || via.value == cidr.address || via.value == cidr.broadcast {
        problems.error(
          .badRoute, "The router \(via.value) is not a machine of `\(name)`, which is \(cidr).",
          help: "A router is reached directly: write its address on this network.", at: via.span)
      } else if cidr.overlaps(to.value) {
        problems.error(
          .badRoute, "\(to.value) is part of `\(name)` itself, or holds it.",
          help: "Machines of one network reach each other without a router. Write the network that is behind it.",
          at: to.span)
      }
    }
  }

  private static func relayed(
    _ network: Named<NetworkSection.Declaration>, _ value: NetworkSection.Declaration, _ relay: Located<String>,
    _ context: CheckContext, _ problems: inout Problems
  ) {
    let name = network.name.value
    context.check(network: relay, &problems)
    guard let entry = context.networks[relay.value] else { return }
    func refuse(_ detail: String, _ help: String) { problems.error(.badRelay, detail, help: help, at: relay.span) }
    if relay.value == name || entry.relay != nil {
      refuse(
        "`\(relay.value)` is no network by which the heads are reached.",
        "Write the network on which the heads have a card, and on which they hear from the router of `\(name)`.")
    } else if value.servesAll, !value.serves(.dhcp) {
      refuse("`\(name)` has a relay but does not serve dhcp.", "Add dhcp to `serves:`, or remove `relay:`.")
    } else if context.heads.contains(where: { $0.nic(on: name) != nil }) {
      refuse("The heads have a card on `\(name)`, and need no relay to hear it.", "Remove `relay:`.")
    } else if value.gateway == nil {
      refuse(
        "`\(name)` has a relay but no `gateway:`.",
        "The router that relays its requests is also its way to the heads. Write the router's address on `\(name)`.")
    } else {
      reached(name, value, relay, entry, context, &problems)
    }
  }

  /// Each head has a card where the relay's requests come in, and a way back.
  private static func reached(
    _ name: String, _ value: NetworkSection.Declaration, _ relay: Located<String>,
    _ entry: NetworkSection.Declaration, _ context: CheckContext, _ problems: inout Problems
  ) {
    guard let cidr = value.cidr?.value else { return }
    for head in context.heads where head.isWhole {
      guard let nic = head.nic(on: relay.value) else {
        problems.error(
          .badRelay, "\(head.label) has no card on `\(relay.value)`.",
          help: "The requests of `\(name)` reach the heads there. Give it one.", at: relay.span,
          notes: [.init(text: "the head", span: head.nameSpan)])
        continue
      }
      let networks = head.nics.compactMap { $0.value?.network.flatMap { context.networks[$0.value] } }
      let routes = (networks.flatMap(\.routes) + head.nics.flatMap { $0.value?.routes ?? [] }).compactMap(\.value.route)
      let others = head.nics.filter { $0.value?.network?.value != relay.value }
      let leavesElsewhere = others.contains { other in
        other.value?.network.flatMap { context.networks[$0.value] }?.gateway != nil
      }
      if routes.contains(where: { $0.to.contains(cidr.address) && $0.to.prefix <= cidr.prefix }) { continue }
      if entry.gateway != nil, !leavesElsewhere { continue }
      problems.error(
        .badRelay, "\(head.label) has no way back to `\(name)` (\(cidr)).",
        help: "Its answers would go out elsewhere. Write `routes: [{ to: \(cidr), via: ROUTER }]` in `\(relay.value)`.",
        at: relay.span, notes: [.init(text: "its card there", span: nic.name.span)])
    }
  }

  /// Heads route for machines that are beside them, to where they have a router themselves.
  private static func translated(
    _ network: Named<NetworkSection.Declaration>, _ value: NetworkSection.Declaration, _ nat: Located<Bool>,
    _ context: CheckContext, _ problems: inout Problems
  ) {
    let name = network.name.value
    func refuse(_ detail: String, _ help: String) { problems.error(.badNAT, detail, help: help, at: nat.span) }
    if let gateway = value.gateway {
      problems.error(
        .badNAT, "`\(name)` has a router already, and the heads are to be one too.",
        help: "Remove `gateway:`, so that machines leave over the heads; or remove `nat:`.", at: nat.span,
        notes: [.init(text: "the router", span: gateway.span)])
      return
    }
    if value.relay != nil {
      return refuse("`\(name)` is behind a router, so the heads cannot be it.", "Remove `nat:`.")
    }
    if let policy = context.declaration.ha?.value, !policy.addresses.contains(where: { $0.name.value == name }) {
      return refuse(
        "The heads have no service address on `\(name)`, which would be its router.",
        "Add `\(name): ADDRESS` to `ha: addresses:`: it moves to the head that is active.")
    }
    for head in context.heads where head.isWhole {
      if head.nic(on: name) == nil {
        refuse("\(head.label) has no card on `\(name)`, so it cannot be its router.", "Give it one, or remove `nat:`.")
      } else if !head.nics.contains(where: { nic in
        nic.value?.network.flatMap { context.networks[$0.value] }?.gateway != nil
      }) {
        refuse(
          "\(head.label) has no way out itself.",
          "It forwards to the `gateway:` of a network that it has a card on. Add one, or remove `nat:`.")
      }
    }
  }
}
