// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

/// Heads, nodes and images: what they refer to, and what they need to boot.
enum MachineChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    for (head, group) in zip(context.declaration.heads, context.heads) {
      guard let parent = head.value?.cloneOf else {
        onlyOfClones(head, &problems)
        continue
      }
      origin(of: head, parent, context, &problems)
      installing(head, group, parent, context, &problems)
    }
    images(context, &problems)
    for group in context.nodes { booting(group, context, &problems) }
    waiting(context, &problems)
    bmcReach(context, &problems)
  }

  /// The head that is not installed by us has its disk, and all that is on it, from somebody else.
  private static func onlyOfClones(_ head: Named<HeadSection.Declaration>, _ problems: inout Problems) {
    guard let value = head.value else { return }
    let spans = [
      (HeadSection.wipe.name, value.wipe?.value == true ? value.wipe?.span : nil),
      (HeadSection.disk.name, value.disk?.span),
      (HeadSection.keep.name, value.keep?.span),
      (HeadSection.firmware.name, value.firmware?.span),
    ]
    for case (let key, let span?) in spans {
      problems.error(
        .notAClone, "`\(key)` is for a head that is installed from here, and `\(head.name.value)` is not.",
        help: "Write it for the head with `clone_of:`, or remove it.", at: span)
    }
  }

  private static func origin(
    of head: Named<HeadSection.Declaration>, _ parent: Located<String>, _ context: CheckContext,
    _ problems: inout Problems
  ) {
    let name = head.name.value
    let heads = context.declaration.heads
    if parent.value == name {
      problems.error(
        .cloneOfItself, "`\(name)` is to be a clone of itself.",
        help: "Name the head that it is installed from, or remove `clone_of:`.", at: parent.span)
    } else if let other = heads.first(where: { $0.name.value == parent.value }) {
      guard let grandparent = other.value?.cloneOf else { return }
      problems.error(
        .cloneOfClone, "`\(parent.value)` is itself a clone.",
        help: "Clones are made from the primary, the head without `clone_of:`.", at: parent.span,
        notes: [.init(text: "`\(parent.value)` is a clone of `\(shown(grandparent.value))`", span: grandparent.span)])
    } else {
      problems.unknown(.unknownHead, "head", parent, among: heads.map(\.name.value).filter { $0 != name })
    }
  }

  /// A clone is powered on through its BMC and installed over the boot network.
  private static func installing(
    _ head: Named<HeadSection.Declaration>, _ group: MachineGroup, _ parent: Located<String>, _ context: CheckContext,
    _ problems: inout Problems
  ) {
    let name = head.name.value
    if head.value?.hasBMC == false {
      problems.error(
        .cloneWithoutBMC, "`\(name)` is to be installed as a clone, but has no `bmc`.",
        help: "It is powered on and told to boot from the network through its BMC.", at: head.name.span)
    }
    if context.declaration.lacksImages {
      problems.error(
        .cloneWithoutImage, "`\(name)` is to be installed over the network, but there is no image to boot it with.",
        help: "The installer is in the image that nodes boot. Describe one under `images:`.", at: parent.span)
    }
    guard let boot = context.bootNetwork?.name.value else {
      guard context.knowsAllNetworks else { return }
      problems.error(
        .noBootNetwork, "`\(name)` is to be installed over the network, but no network serves boot.",
        help: "Write `serves: [dhcp, dns, boot]` in a network that the heads are on.", at: parent.span)
      return
    }
    if context.networks[boot]?.serves(.boot) == false {
      problems.error(
        .noBootNetwork,
        "`\(name)` is to be installed over the network, but `\(boot)`, on which the heads are, does not boot.",
        help: "Relays bring the requests of nodes only. Write `serves: [dhcp, dns, boot]` in `\(boot)`.",
        at: parent.span)
    } else if let nic = group.nic(on: boot) {
      guard nic.value?.hasMAC == false else { return }
      problems.error(
        .cloneWithoutMAC, "`\(name)` is installed over `\(boot)`, but `\(nic.name.value)` has no `mac`.",
        help: "DHCP knows a machine by its MAC address. Add `mac:`.", at: nic.name.span)
    } else if group.isWhole {
      problems.error(
        .cloneWithoutMAC, "`\(name)` is installed over `\(boot)`, but has no network interface on it.",
        help: "Give it one, with its MAC address.", at: head.name.span)
    }
  }

  private static func images(_ context: CheckContext, _ problems: inout Problems) {
    let known = context.declaration.images.map(\.name.value)
    var used: Set<String> = []
    for group in context.declaration.nodes {
      guard let image = group.value.image else { continue }
      used.insert(image.value)
      if !known.contains(image.value) { problems.unknown(.unknownImage, "image", image, among: known) }
    }
    // A group whose image could not be read, or is mistyped, may mean any of them.
    guard context.declaration.nodes.allSatisfy({ $0.value.image != nil }), used.isSubset(of: known) else { return }
    // The first holds the installer of clones: see `cloneWithoutImage`.
    if context.declaration.heads.contains(where: { $0.value?.cloneOf != nil }), let first = known.first {
      used.insert(first)
    }
    for image in context.declaration.images where !used.contains(image.name.value) {
      problems.warning(
        .unusedImage, "No node uses image `\(shown(image.name.value))`.",
        help: "Building it takes time and space for nothing. Give it to nodes, or remove it.", at: image.name.span)
    }
  }

  private static func booting(_ group: MachineGroup, _ context: CheckContext, _ problems: inout Problems) {
    guard !context.bootNetworks.isEmpty else { return }
    if group.bootNIC(context) == nil, group.isWhole {
      let names = context.bootNetworks.map { "`\($0.name.value)`" }
      let which = names.joined(separator: " or ")
      problems.error(
        .nodeOffBootNetwork,
        "\(group.label) \(group.verb("boots", "boot")) from the network, but without a card on \(which).",
        help: names.count == 1
          ? "\(which) is the network that serves boot. Give the nodes a card on it; a VLAN or a bond is there only later."
          : "These serve boot. Give the nodes a card on one of them; a VLAN or a bond is there only later.",
        at: group.nameSpan)
    }
  }

  /// Nodes whose MAC addresses nobody knows yet: rows of one table share a card, and are told together.
  private static func waiting(_ context: CheckContext, _ problems: inout Problems) {
    var (names, order): ([SourceSpan: [HostID]], [Named<NICDeclaration>]) = ([:], [])
    for group in context.nodes {
      guard let nic = group.bootNIC(context), nic.value?.hasMAC == false else { continue }
      if names[nic.name.span] == nil { order.append(nic) }
      names[nic.name.span, default: []] += group.names
    }
    for nic in order {
      let waiting = names[nic.name.span] ?? []
      let list = HostlistText.fold(waiting)
      problems.warning(
        .nodeWithoutMAC,
        "`\(list)` \(waiting.count == 1 ? "waits for its MAC address" : "wait for their MAC addresses"): "
          + "`\(nic.name.value)` has no `mac`.",
        help: "DHCP knows a machine by it, so until then it does not boot. Add `mac:`, or switch it on: "
          + "`cluster discover` lists machines without a name, and with `--assign \(list)` writes it here.",
        at: nic.name.span)
    }
  }

  /// A BMC is reached over a network that the heads are on, or through a gateway.
  private static func bmcReach(_ context: CheckContext, _ problems: inout Problems) {
    guard !context.heads.isEmpty, context.heads.allSatisfy(\.isWhole) else { return }
    for group in context.groups {
      guard let (address, span) = switchAddress(group) else { continue }
      let cut = context.heads.filter { $0.names != group.names && !reaches($0, address, context) }
      guard !cut.isEmpty else { continue }
      let heads = cut.map(\.label).joined(separator: " and ")
      let noun = group.bmc == nil ? "what switches" : group.names.count == 1 ? "the BMC of" : "the BMCs of"
      problems.error(
        .bmcUnreachable, "\(heads) cannot reach \(noun) \(group.label) at \(address).",
        help:
          "Power is switched from the heads. Give them an interface on the BMC's network, or one of their networks a gateway or a route to it.",
        at: span)
    }
  }

  /// The first address of what switches a group.
  private static func switchAddress(_ group: MachineGroup) -> (IPv4Address, SourceSpan)? {
    if let address = group.bmc?.value.address { return (address.value.first, address.span) }
    guard let ip = group.power?.value.parameters.first(where: { $0.name.value == "ip" }) else { return nil }
    return ip.value.flatMap { IPv4Address($0) }.map { ($0, ip.valueSpan) }
  }

  /// True also when it cannot be told.
  private static func reaches(_ head: MachineGroup, _ address: IPv4Address, _ context: CheckContext) -> Bool {
    head.nics.contains { nic in
      guard let name = nic.value?.network?.value, let network = context.networks[name], let cidr = network.cidr else {
        return true
      }
      let routes = network.routes + (nic.value?.routes ?? [])
      return network.gateway != nil || cidr.value.contains(address)
        || routes.contains { $0.value.route.map { $0.to.contains(address) } ?? true }
    }
  }
}
