// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// VLANs and bonds: what they are made of is there, and is nothing else besides.
enum MadeInterfaceChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    for group in context.groups {
      var cards: [String: SourceSpan] = [:]
      var tags: [String: SourceSpan] = [:]
      for nic in group.nics {
        guard let value = nic.value else { continue }
        if let bond = value.bond {
          if value.vlan != nil || value.link != nil {
            problems.error(
              .madeInterface, "`\(nic.name.value)` cannot be a bond and a VLAN at once.",
              help: "Describe the bond, and the VLAN over it as an interface of its own: `link: \(nic.name.value)`.",
              at: bond.span.line == bond.span.endLine ? bond.span : nic.name.span)
          }
          members(of: nic.name.value, bond.value, in: group, &cards, &problems)
        } else {
          vlan(nic.name, value, in: group, &tags, context, &problems)
        }
      }
    }
  }

  private static func members(
    of name: String, _ bond: BondSection.Declaration, in group: MachineGroup, _ cards: inout [String: SourceSpan],
    _ problems: inout Problems
  ) {
    for card in bond.cards {
      let described = group.nics.first { $0.name.value == card.value }
      if let other = described?.name.span ?? cards[card.value] {
        problems.error(
          .madeInterface,
          "`\(card.value)` of \(group.label) cannot be in the bond `\(name)` and be something else too.",
          help: "A card in a bond has no address of its own, and is in one bond only. Remove one of the two.",
          at: card.span, notes: [.init(text: "it is described here", span: other)])
      }
      cards[card.value] = card.span
    }
  }

  private static func vlan(
    _ name: Located<String>, _ value: NICDeclaration, in group: MachineGroup, _ tags: inout [String: SourceSpan],
    _ context: CheckContext, _ problems: inout Problems
  ) {
    guard case .vlan(let id, let link)? = value.made(name.value) else {
      if let link = value.link {
        problems.error(
          .madeInterface, "`\(name.value)` names a link but no VLAN.",
          help: "Add its tag, `vlan: 902`; or remove `link:`.", at: link.span)
      } else if let vlan = value.vlan {
        problems.error(
          .madeInterface, "`\(name.value)` is to be a VLAN, but over no card.",
          help: "Add the card or bond that carries it: `link: eno1`.", at: vlan.span)
      }
      return
    }
    let span = value.link?.span ?? value.vlan?.span ?? name.span
    let carrier = group.nics.first { $0.name.value == link }
    if link == name.value || carrier?.value?.made(link)?.isVLAN == true {
      problems.error(
        .madeInterface, "`\(name.value)` cannot be a VLAN over `\(link)`, which is one itself.",
        help: "Name the card or the bond that carries it.", at: span)
    } else if let owner = group.nics.first(where: { nic in
      nic.value?.bond?.value.cards.contains { $0.value == link } == true
    }) {
      problems.error(
        .madeInterface, "`\(link)` is in the bond `\(owner.name.value)` and carries nothing by itself.",
        help: "Write `link: \(owner.name.value)`.", at: span)
    } else if let first = tags.updateValue(span, forKey: "\(link) \(id)") {
      problems.error(
        .madeInterface, "Two interfaces are VLAN \(id) over `\(link)`.", help: "Give each a tag of its own.", at: span,
        notes: [.init(text: "the other one", span: first)])
    }
    let carried = carrier?.value.flatMap { $0.mtu ?? $0.network.flatMap { context.networks[$0.value]?.mtu } }
    if let own = value.mtu ?? value.network.flatMap({ context.networks[$0.value]?.mtu }), let carrier,
      own.value > (carried?.value ?? 1500)
    {
      problems.error(
        .madeInterface,
        "`\(name.value)` is to carry packets of \(own.value) bytes over `\(link)`, which takes "
          + "\(carried?.value ?? 1500).",
        help: "Give `\(link)` an `mtu:` as large.", at: name.span,
        notes: [.init(text: "what carries it", span: carried?.span ?? carrier.name.span)])
    }
  }
}
