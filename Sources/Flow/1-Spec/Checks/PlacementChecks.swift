// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

/// Addresses lie in their networks, where machines may have them. Each group is looked at once, whatever its size.
enum PlacementChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    for group in context.groups { nics(group, context, &problems) }
    for address in context.declaration.ha?.value.addresses ?? [] {
      context.check(network: address.name, &problems)
    }
    for (name, address) in context.serviceAddresses {
      guard let network = context.networks[name] else { continue }
      place(Located(Counted(first: address.value, counts: false), address.span), [], name, network, context, &problems)
    }
    dynamicRanges(context, &problems)
  }

  /// Each NIC is on a network that exists; where the heads serve, one on each: who answers there is to be certain.
  private static func nics(_ group: MachineGroup, _ context: CheckContext, _ problems: inout Problems) {
    var seen: [String: SourceSpan] = [:]
    for nic in group.nics {
      guard let network = nic.value?.network else { continue }
      context.check(network: network, &problems)
      if let first = seen[network.value], context.networks[network.value]?.serves.isEmpty == false {
        problems.error(
          .twoNICsOneNetwork,
          "\(group.label) \(group.verb("has", "have")) two network interfaces on `\(network.value)`.",
          help:
            "The heads serve this network, and which card answers would be left to chance. Put one of them on another "
            + "network" + (isHead(group, context) ? ", or make a bond of both." : "."), at: network.span,
          notes: [.init(text: "the first is here", span: first)])
      }
      seen[network.value] = seen[network.value] ?? network.span
      guard let address = nic.value?.address, let declared = context.networks[network.value] else { continue }
      place(address, group.names, network.value, declared, context, &problems)
    }
    guard let address = group.bmc?.value.address else { return }
    for network in context.declaration.networks {
      guard let declared = network.value, declared.cidr?.value.contains(address.value.first) == true else { continue }
      place(address, group.names, network.name.value, declared, context, &problems)
    }
  }

  /// A node boots by a card; a bond is there only later.
  private static func isHead(_ group: MachineGroup, _ context: CheckContext) -> Bool {
    context.heads.contains { $0 === group }
  }

  /// `machines` is empty for a service address.
  private static func place(
    _ address: Located<Counted<IPv4Address>>, _ machines: [HostID], _ name: String,
    _ network: NetworkSection.Declaration, _ context: CheckContext, _ problems: inout Problems
  ) {
    guard let cidr = network.cidr?.value else { return }
    let first = address.value.first
    guard cidr.contains(first) else {
      let (low, high) = (IPv4Address(bits: cidr.address.bits + 1), IPv4Address(bits: cidr.broadcast.bits - 1))
      problems.error(
        .addressOutsideNetwork, "\(first) is not in network `\(name)`, which is \(cidr).",
        help: "Its addresses are \(low) to \(high).", at: address.span,
        notes: network.cidr.map { [.init(text: "`\(name)` is described here", span: $0.span)] } ?? [])
      return
    }
    // Past the whole address space: told where addresses are compared.
    guard let last = address.value.value(max(0, machines.count - 1)) else { return }
    guard cidr.contains(last) else {
      let machine = machines[Int(cidr.broadcast.bits - first.bits) + 1]
      problems.error(
        .addressOutsideNetwork,
        "Counted up from \(first), addresses leave network `\(name)` (\(cidr)) at `\(machine)`.",
        help: "There is no room for \(machines.count) machines from there. Begin lower, or make the network larger.",
        at: address.span)
      return
    }
    let reserved =
      [(cidr.address, "the network itself"), (cidr.broadcast, "its broadcasts")]
      + (network.gateway.map { [($0.value, "its gateway")] } ?? [])
    for (value, what) in reserved where first <= value && value <= last {
      let index = Int(value.bits - first.bits)
      let owner = index < machines.count ? " of `\(machines[index])`" : ""
      problems.error(
        .reservedAddress, "The address\(owner), \(value), is taken: on `\(name)` it is that of \(what).",
        help: "No machine of the cluster can have it. Choose another one."
          + (value == network.gateway?.value && !network.serves.isEmpty && isOfHeads(address, context)
            ? " Where the heads are the router of `\(name)`, write `nat: true` in the place of `gateway:`." : ""),
        at: address.span)
    }
  }

  private static func isOfHeads(_ address: Located<Counted<IPv4Address>>, _ context: CheckContext) -> Bool {
    context.serviceAddresses.contains { $0.address.span == address.span }
      || context.heads.contains { $0.nics.contains { $0.value?.address?.span == address.span } }
  }

  private static func dynamicRanges(_ context: CheckContext, _ problems: inout Problems) {
    for network in context.declaration.networks {
      guard let range = network.value?.dynamic else { continue }
      for fixed in fixedAddresses(network, context) {
        let address = max(fixed.first, range.value.first)
        guard address <= min(fixed.last, range.value.last) else { continue }
        problems.error(
          .dynamicOverlap,
          "The dynamic range of `\(network.name.value)` holds \(address), the address of \(fixed.owner(address)).",
          help: "DHCP would give it to a second machine. Move the range or the address.", at: range.span,
          notes: [.init(text: "the address is given here", span: fixed.span)])
      }
    }
  }

  private struct Fixed {
    let first: IPv4Address
    let last: IPv4Address
    let span: SourceSpan
    let owner: (IPv4Address) -> String
  }

  private static func fixedAddresses(
    _ network: Named<NetworkSection.Declaration>, _ context: CheckContext
  ) -> [Fixed] {
    var fixed: [Fixed] = []
    if let gateway = network.value?.gateway {
      fixed.append(Fixed(first: gateway.value, last: gateway.value, span: gateway.span) { _ in "the gateway" })
    }
    for (name, address) in context.serviceAddresses where name == network.name.value {
      fixed.append(Fixed(first: address.value, last: address.value, span: address.span) { _ in "the heads' services" })
    }
    for group in context.groups {
      for nic in group.nics where nic.value?.network?.value == network.name.value {
        guard let address = nic.value?.address, let last = address.value.value(group.names.count - 1) else { continue }
        let first = address.value.first
        fixed.append(
          Fixed(first: first, last: last, span: address.span) { value in
            // Without a `+` the machines share one address, which is told elsewhere.
            "`\(group.names[Int(value.bits - first.bits)])`"
          })
      }
    }
    guard let cidr = network.value?.cidr?.value else { return fixed }
    for group in context.groups {
      guard let address = group.bmc?.value.address, cidr.contains(address.value.first),
        let last = address.value.value(group.names.count - 1)
      else { continue }
      let first = address.value.first
      fixed.append(
        Fixed(first: first, last: last, span: address.span) { value in
          "the BMC of `\(group.names[Int(value.bits - first.bits)])`"
        })
    }
    return fixed
  }
}
