// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Refuses what is described and would not come true: keys that nothing uses where they stand, and interfaces that
/// nothing makes. `EveryKeyTests` looks for keys that are missing here.
enum EffectChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    for network in context.declaration.networks { served(network, context, &problems) }
    for group in context.groups {
      for nic in group.nics { card(nic.name, &problems) }
    }
    for group in context.nodes { configured(group, context, &problems) }
    dates(context, &problems)
    SetRequests(context.declaration).check(&problems)
    if let user = context.declaration.access?.value.user, user.value != "root" {
      problems.error(
        .noEffect, "`\(shown(user.value))` cannot carry out what is planned.",
        help: "The program that works on a head needs to be root there. Remove the key, or write `root`.",
        at: user.span)
    }
  }

  /// The heads serve one network, the one that boots nodes.
  private static func served(
    _ network: Named<NetworkSection.Declaration>, _ context: CheckContext, _ problems: inout Problems
  ) {
    // Without a boot network, machines that need one say so.
    guard let value = network.value, !value.serves(.boot), let first = value.serves.first, context.knowsAllNetworks,
      context.heads.contains(where: { $0.nic(on: network.name.value) != nil }),
      context.bootNetwork != nil || context.nodes.isEmpty
    else { return }
    let services = value.serves.map(\.value.rawValue).joined(separator: ", ")
    problems.error(
      .noEffect, "Nothing would serve \(services) on `\(network.name.value)`.",
      help: "The heads serve the network that boots nodes, and no other. Remove the key, or add boot to it.",
      at: first.span,
      notes: context.bootNetwork.map { [.init(text: "the network that boots nodes", span: $0.name.span)] } ?? [])
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

  /// A node is configured where it boots. Its other cards would stay as their firmware left them.
  private static func configured(_ group: MachineGroup, _ context: CheckContext, _ problems: inout Problems) {
    // A group that is not on the boot network at all is told so elsewhere.
    guard let boot = context.bootNetwork, group.isWhole, group.nic(on: boot.name.value) != nil else { return }
    for nic in group.nics where nic.value?.network?.value != boot.name.value {
      problems.error(
        .noEffect, "Nothing would configure `\(nic.name.value)` of \(group.label).",
        help: "Nodes get an address on the network that they boot from. Remove this interface; until it can be "
          + "described, a file in the image may configure it.",
        at: nic.name.span, notes: [.init(text: "the network that they boot from", span: boot.name.span)])
    }
  }

  /// Names by which the kernel and the usual tools call interfaces that somebody has to make first.
  private static func card(_ name: Located<String>, _ problems: inout Problems) {
    let made: [(prefix: String, what: String)] = [
      ("bond", "a bond"), ("team", "a team"), ("vlan", "a VLAN"), ("br", "a bridge"), ("virbr", "a bridge"),
      ("docker", "a bridge"), ("veth", "a pair of virtual interfaces"), ("tun", "a tunnel"), ("tap", "a tunnel"),
      ("wg", "a tunnel"), ("dummy", "a dummy interface"),
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
      help: "Interfaces are network cards in this version. Write the card's own name, as `ip link` shows it.",
      at: name.span)
  }
}
