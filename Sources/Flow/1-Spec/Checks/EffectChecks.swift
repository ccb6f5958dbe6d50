// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Refuses what is described and would not come true: keys that nothing uses where they stand, and interfaces that
/// nothing makes. `EveryKeyTests` looks for keys that are missing here.
enum EffectChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    for network in context.declaration.networks { served(network, context, &problems) }
    for network in context.declaration.networks { unused(network, context, &problems) }
    for group in context.groups {
      for nic in group.nics where nic.value?.made(nic.name.value) == nil && nic.value?.bond == nil {
        card(nic.name, &problems)
      }
      reserved(group, context, &problems)
      if let power = group.power, group.bmc != nil {
        problems.error(
          .noEffect, "\(group.label) \(group.verb("has", "have")) a BMC, so nothing would ask this agent.",
          help: "One of both switches the power. Remove `power:` or `bmc:`.", at: power.span)
      }
    }
    dates(context, &problems)
    SetRequests(context.declaration).check(&problems)
  }

  /// The heads serve where machines boot from some network.
  private static func served(
    _ network: Named<NetworkSection.Declaration>, _ context: CheckContext, _ problems: inout Problems
  ) {
    // Without a boot network, machines that need one say so.
    guard let value = network.value, let first = value.serves.first, context.knowsAllNetworks,
      context.heads.contains(where: { $0.nic(on: network.name.value) != nil }),
      context.bootNetworks.isEmpty, context.nodes.isEmpty
    else { return }
    let services = value.serves.map(\.value.rawValue).joined(separator: ", ")
    problems.error(
      .noEffect, "Nothing would serve \(services) on `\(network.name.value)`.",
      help: "The heads serve where machines boot from a network of theirs. Remove the key, or add boot to it.",
      at: first.span)
  }

  /// A day for images that all have their own, and an archive of days that no image has one of.
  private static func dates(_ context: CheckContext, _ problems: inout Problems) {
    guard let repositories = context.declaration.repositories?.value else { return }
    let images = context.declaration.images.map(\.value)
    if images.contains(where: { $0 == nil }) { return }
    if let asOf = repositories.asOf, !images.contains(where: { $0?.isDated == false }) {
      problems.error(
        .noEffect, images.isEmpty ? "No image would have this day's packages." : "Every image names a day of its own.",
        help: "`as_of` is for images that name none. Remove it here.", at: asOf.span)
    }
    if let snapshot = repositories.snapshot, !repositories.isDated, !images.contains(where: { $0?.isDated == true }) {
      problems.error(
        .noEffect, "No image has a day that would be taken from here.",
        help: "Add `as_of:` with a date, to `repositories` or to an image; or remove the key.", at: snapshot.span)
    }
  }

  /// Settings of a network that no machine has a card on, and of a BMC that no DHCP server knows.
  private static func unused(
    _ network: Named<NetworkSection.Declaration>, _ context: CheckContext, _ problems: inout Problems
  ) {
    guard let value = network.value, context.groups.allSatisfy(\.isWhole),
      !context.groups.contains(where: { $0.nic(on: network.name.value) != nil })
    else { return }
    for case (let key, let span?) in [("mtu", value.mtu?.span), ("routes", value.routes.first?.span)] {
      problems.error(
        .noEffect, "No machine has a card on `\(network.name.value)` that `\(key)` would be set on.",
        help: "Remove it, or give heads or nodes an interface there.", at: span)
    }
  }

  /// A BMC that DHCP is to give its address, on a network where the heads have no DHCP server.
  private static func reserved(_ group: MachineGroup, _ context: CheckContext, _ problems: inout Problems) {
    guard let mac = group.bmc?.value.mac, let address = group.bmc?.value.address?.value.first,
      context.knowsAllNetworks
    else { return }
    let network = context.declaration.networks.first { $0.value?.cidr?.value.contains(address) == true }
    guard network?.value?.serves(.dhcp) != true else { return }
    problems.error(
      .noEffect, "No DHCP server of the heads would give this BMC \(address).",
      help: network.map {
        "Add dhcp to `serves:` of `\($0.name.value)`, on which the heads need a card; or remove `mac:`."
      }
        ?? "Describe the network of the BMCs with `serves: [dhcp]`, or remove `mac:`.", at: mac.span)
  }

  /// Names by which the kernel and the usual tools call interfaces that somebody has to make first.
  private static func card(_ name: Located<String>, _ problems: inout Problems) {
    let made: [(prefix: String, what: String)] = [
      ("bond", "a bond"), ("team", "a team"), ("vlan", "a VLAN"), ("br", "a bridge"), ("virbr", "a bridge"),
      ("docker", "a bridge"), ("veth", "a pair of virtual interfaces"), ("tun", "a tunnel"), ("tap", "a tunnel"),
      ("wg", "a tunnel"), ("dummy", "a dummy interface"),
    ]
    let help = [
      "a bond": "Say which cards it is made of: `bond: { of: [eno1, eno2], mode: 802.3ad }`.",
      "a VLAN": "Say which tag it has, and over which card: `vlan: 902, link: eno1`.",
    ]
    let text = name.value
    let what: String? =
      if text == "lo" {
        "the loopback interface"
      } else if text.contains(".") {
        "a VLAN"
      } else {
        made.first { text.hasPrefix($0.prefix) && text.dropFirst($0.prefix.count).allSatisfy(\.isNumber) }?.what
      }
    guard let what else { return }
    problems.error(
      .notACard, "`\(shown(text))` is the name of \(what), and nothing here makes one.",
      help: help[what]
        ?? "Interfaces are network cards, VLANs and bonds. Write the card's own name, as `ip link` shows it.",
      at: name.span)
  }
}
