// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

/// Every name, address, MAC and BMC belongs to one machine.
enum UniquenessChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    let machines = context.groups.reduce(0) { $0 + $1.names.count }
    names(context, machines, &problems)
    addresses(context, machines, &problems)
    switches(context, machines, &problems)
    macs(context, machines, &problems)
  }

  private static func names(_ context: CheckContext, _ machines: Int, _ problems: inout Problems) {
    var claims = Claims<HostID, String>(capacity: machines) { $0.name }
    for group in context.groups {
      claims.begin(.init(machines: group.names, part: "", span: group.nameSpan))
      for (index, name) in group.names.enumerated() { claims.claim(name, by: index) }
    }
    claims.report(.duplicateName, "name", &problems)
  }

  private static func addresses(_ context: CheckContext, _ machines: Int, _ problems: inout Problems) {
    var claims = Claims<IPv4Address, UInt32>(capacity: machines * 2) { $0.bits }
    var bmcs = Claims<IPv4Address, UInt32>(capacity: machines) { $0.bits }
    var shared: Set<IPv4Address> = []
    for group in context.groups {
      for nic in group.nics {
        guard let address = nic.value?.address else { continue }
        claims.begin(
          .init(machines: group.names, part: "`\(nic.name.value)`", span: address.span, names: group.nameSpan))
        each(address, group, &problems) { value, machine in claims.claim(value, by: machine) }
      }
    }
    for address in context.declaration.ha?.value.addresses ?? [] {
      guard let value = address.value else { continue }
      let part = "the heads' services on `\(address.name.value)`"
      claims.begin(.init(machines: [], part: part, span: address.valueSpan))
      claims.claim(value, by: 0)
    }
    for group in context.declaration.ha?.value.spread ?? [] {
      guard let address = group.value?.address else { continue }
      claims.begin(.init(machines: [], part: "the services `\(group.name.value)`", span: address.span))
      claims.claim(address.value, by: 0)
    }
    for group in context.groups {
      guard let address = group.bmc?.value.address else { continue }
      bmcs.begin(.init(machines: group.names, part: "the BMC", span: address.span, names: group.nameSpan))
      claims.begin(.init(machines: group.names, part: "the BMC", span: address.span, names: group.nameSpan))
      let isShared = group.bmc?.value.isPart == true
      each(address, group, &problems) { value, machine in
        if isShared, !shared.insert(value).inserted { return }
        if bmcs.claim(value, by: machine) { claims.claim(value, by: machine) }
      }
    }
    claims.report(.duplicateAddress, "address", &problems)
    bmcs.report(.duplicateBMC, "address", &problems)
  }

  /// Systems behind one controller, and outlets of one power strip: each switches one machine.
  private static func switches(_ context: CheckContext, _ machines: Int, _ problems: inout Problems) {
    guard context.groups.contains(where: { $0.power != nil || $0.bmc?.value.isPart == true }) else { return }
    var claims = Claims<String, String>(capacity: machines) { $0 }
    for group in context.groups {
      if let power = group.power {
        claims.begin(.init(machines: group.names, part: "the switch", span: power.value.agent?.span ?? power.span))
        for index in group.names.indices {
          guard let agent = power.value.expanded(index) else { continue }
          let words = agent.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
          claims.claim(([agent.name] + words).joined(separator: " "), by: index)
        }
      } else if let bmc = group.bmc, bmc.value.isPart, let address = bmc.value.address {
        claims.begin(.init(machines: group.names, part: "the BMC", span: address.span))
        for index in group.names.indices {
          guard let value = address.value.value(index) else { break }
          let system = bmc.value.system?.value(index),
            target = bmc.value.target.map { "target 0x" + String($0, radix: 16) }
          claims.claim((["\(value)"] + [system, target].compactMap(\.self)).joined(separator: " "), by: index)
        }
      }
    }
    claims.report(.duplicateBMC, "address", &problems)
  }

  private static func each(
    _ address: Located<Counted<IPv4Address>>, _ group: MachineGroup, _ problems: inout Problems,
    _ body: (IPv4Address, Int) -> Void
  ) {
    for (index, machine) in group.names.enumerated() {
      guard let value = address.value.value(index) else {
        problems.error(
          .countsTooFar, "\(address.value.first)+ counts past 255.255.255.255 at `\(machine)`.", help: "Begin lower.",
          at: address.span)
        return
      }
      body(value, index)
    }
  }

  private static func macs(_ context: CheckContext, _ machines: Int, _ problems: inout Problems) {
    var claims = Claims<MACAddress, UInt64>(capacity: machines) { $0.bits }
    for group in context.groups {
      for nic in group.nics {
        guard let mac = nic.value?.mac else { continue }
        if mac.value.first.isMulticast {
          problems.error(
            .multicastMAC, "\(mac.value.first) is a multicast address.",
            help: "The first octet of a network card's address is even. Look for a typing error.", at: mac.span)
        }
        claims.begin(.init(machines: group.names, part: "`\(nic.name.value)`", span: mac.span, names: group.nameSpan))
        for (index, machine) in group.names.enumerated() {
          guard let value = mac.value.value(index), !value.isMulticast || mac.value.first.isMulticast else {
            problems.error(
              .countsTooFar, "\(mac.value.first)+ counts into multicast addresses at `\(machine)`.",
              help: "Begin lower.",
              at: mac.span)
            break
          }
          claims.claim(value, by: index)
        }
      }
    }
    for group in context.groups {
      guard let mac = group.bmc?.value.mac else { continue }
      claims.begin(.init(machines: group.names, part: "the BMC", span: mac.span, names: group.nameSpan))
      for (index, _) in group.names.enumerated() {
        guard let value = mac.value.value(index) else { break }
        claims.claim(value, by: index)
      }
    }
    claims.report(.duplicateMAC, "MAC address", &problems)
  }
}
