// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Every name, address, MAC and BMC belongs to one machine.
enum UniquenessChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    let machines = context.groups.reduce(0) { $0 + $1.names.count }
    names(context, machines, &problems)
    addresses(context, machines, &problems)
    macs(context, machines, &problems)
  }

  private static func names(_ context: CheckContext, _ machines: Int, _ problems: inout Problems) {
    var claims = Claims<HostID>(capacity: machines)
    for group in context.groups {
      for name in group.names { claims.claim(name, by: .init(machine: name, part: "", span: group.nameSpan)) }
    }
    claims.report(.duplicateName, "name", &problems)
  }

  private static func addresses(_ context: CheckContext, _ machines: Int, _ problems: inout Problems) {
    var claims = Claims<IPv4Address>(capacity: machines * 2)
    var bmcs = Claims<IPv4Address>(capacity: machines)
    for group in context.groups {
      for nic in group.nics {
        guard let address = nic.value?.address else { continue }
        each(address, group, &problems) { value, machine in
          claims.claim(value, by: .init(machine: machine, part: "`\(nic.name.value)`", span: address.span))
        }
      }
    }
    for address in context.declaration.ha?.value.addresses ?? [] {
      guard let value = address.value else { continue }
      let part = "the heads' services on `\(address.name.value)`"
      claims.claim(value, by: .init(machine: nil, part: part, span: address.valueSpan))
    }
    for group in context.groups {
      guard let address = group.bmc?.value.address else { continue }
      each(address, group, &problems) { value, machine in
        let owner = Claims<IPv4Address>.Owner(machine: machine, part: "the BMC", span: address.span)
        if bmcs.claim(value, by: owner) { claims.claim(value, by: owner) }
      }
    }
    claims.report(.duplicateAddress, "address", &problems)
    bmcs.report(.duplicateBMC, "address", &problems)
  }

  private static func each(
    _ address: Located<Counted<IPv4Address>>, _ group: MachineGroup, _ problems: inout Problems,
    _ body: (IPv4Address, HostID) -> Void
  ) {
    for (index, machine) in group.names.enumerated() {
      guard let value = address.value.value(index) else {
        problems.error(
          .countsTooFar, "\(address.value.first)+ counts past 255.255.255.255 at `\(machine)`.", help: "Begin lower.",
          at: address.span)
        return
      }
      body(value, machine)
    }
  }

  private static func macs(_ context: CheckContext, _ machines: Int, _ problems: inout Problems) {
    var claims = Claims<MACAddress>(capacity: machines)
    for group in context.groups {
      for nic in group.nics {
        guard let mac = nic.value?.mac else { continue }
        if mac.value.first.isMulticast {
          problems.error(
            .multicastMAC, "\(mac.value.first) is a multicast address.",
            help: "The first octet of a network card's address is even. Look for a typing error.", at: mac.span)
        }
        for (index, machine) in group.names.enumerated() {
          guard let value = mac.value.value(index), !value.isMulticast || mac.value.first.isMulticast else {
            problems.error(
              .countsTooFar, "\(mac.value.first)+ counts into multicast addresses at `\(machine)`.",
              help: "Begin lower.",
              at: mac.span)
            break
          }
          claims.claim(value, by: .init(machine: machine, part: "`\(nic.name.value)`", span: mac.span))
        }
      }
    }
    claims.report(.duplicateMAC, "MAC address", &problems)
  }
}
