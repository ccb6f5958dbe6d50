// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Names that cannot be: of two at once, too long, or in vain.
extension Names {
  /// Names that two have: of machines, of their other cards, of the cluster, and of `hosts:`.
  package static func problems(_ cluster: Cluster) -> [Diagnostic] {
    let extra = extra(cluster)
    // Names of cards have a hyphen: of ten thousand machines without one, none is looked at.
    let machines = Set(
      (cluster.heads.map(\.name.name) + cluster.nodes.lazy.map(\.name.name)).filter {
        !extra.isEmpty || $0 == cluster.name || $0.utf8.contains(UInt8(ascii: "-"))
      })
    var problems: [Diagnostic] = []
    if cluster.ha != nil, machines.contains(cluster.name) {
      let source =
        cluster.heads.first { $0.name.name == cluster.name }?.source
        ?? cluster.nodes.first { $0.name.name == cluster.name }?.source ?? cluster.source
      problems.append(
        Diagnostic(
          .duplicateName, "A machine is called `\(cluster.name)`, as the cluster is.",
          help: "By the cluster's name machines find the head that is active. Give the machine another one.", at: source
        ))
    }
    for (name, network) in publicNames(cluster) where machines.contains(name) {
      problems.append(
        Diagnostic(
          .duplicateName, "A machine is called `\(name)`, as the services on `\(network)` are.",
          help: "By that name they are found at both of their addresses. Give the machine another one.",
          at: cluster.ha?.ipv6.first { $0.network == network }?.source ?? cluster.source))
    }
    var others = Set(publicNames(cluster).map(\.name))
    let several = cluster.nodes.contains { $0.nics.count > 1 }
    let cards = several ? MachineNames.all(in: cluster) : MachineNames.of(cluster.heads, in: cluster)
    for card in cards where !card.isOwn {
      if others.insert(card.name).inserted, !machines.contains(card.name), card.name != cluster.name { continue }
      problems.append(
        Diagnostic(
          .duplicateName, "`\(card.name)` is the name of a card on `\(card.nic.network)`, and of something else.",
          help: "A card beside the one by which a machine is known is called MACHINE-NETWORK. Rename one of the two.",
          at: card.nic.source))
    }
    return problems + tooLong(cards) + taken(cluster, machines.union(others).union([cluster.name]))
      + searched(cluster) + leased(cluster)
  }

  /// Addresses of `hosts:` that DHCP would give to others.
  private static func leased(_ cluster: Cluster) -> [Diagnostic] {
    guard let source = cluster.settings[hosts.name]?.source else { return [] }
    return extra(cluster).flatMap { host in
      cluster.networks.filter { $0.dynamic.map { $0.first <= host.address && host.address <= $0.last } ?? false }
        .map { network in
          Diagnostic(
            .dynamicOverlap,
            "The dynamic range of `\(network.name)` holds \(host.address), the address of `\(shown(host.names[0]))`.",
            help: "DHCP would give it to a second machine. Move the range or the address.", at: host.span ?? source)
        }
    }
  }

  /// A label of DNS has 63 characters: dnsmasq and the C library leave longer names out.
  private static func tooLong(_ cards: [MachineNames.Card]) -> [Diagnostic] {
    var places: Set<SourceSpan> = []
    return cards.filter { $0.name.utf8.count > 63 && places.insert($0.nic.source).inserted }.map { card in
      Diagnostic(
        .badName,
        "`\(shown(card.name))`, the name of a card on `\(card.nic.network)`, is \(card.name.utf8.count) "
          + "characters long.",
        help: "A card beside the one by which a machine is known is called MACHINE-NETWORK, and names take 63 "
          + "characters. Shorten one of the two.", at: card.nic.source)
    }
  }

  /// The cluster's own domain comes first by itself.
  private static func searched(_ cluster: Cluster) -> [Diagnostic] {
    guard let setting = cluster.settings[search.name], let value = setting.value as? SearchDomains else { return [] }
    return zip(value.domains, value.spans).filter { $0.0 == cluster.domain }.map { domain, span in
      Diagnostic(
        .noEffect, "`\(shown(domain))` is the cluster's own domain, in which short names are looked for anyway.",
        help: "Remove it here: `search:` has the domains after that one.", at: span)
    }
  }

  private static func taken(_ cluster: Cluster, _ known: Set<String>) -> [Diagnostic] {
    guard let source = cluster.settings[hosts.name]?.source else { return [] }
    var seen = known
    return extra(cluster).flatMap { host in
      host.names.compactMap { name in
        let suffix = ".\(cluster.domain)"
        let short = name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
        guard !seen.insert(short).inserted else { return nil }
        return Diagnostic(
          .duplicateName, "`\(shown(name))` of `hosts:` is the name of something else too.",
          help: "A name has one address. Choose another one, or leave it out.", at: host.span ?? source)
      }
    }
  }
}
