// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// The names that machines know each other and others by: of all their cards, of machines that no DNS knows (`hosts:`),
/// and in which domains a short name is looked for (`search:`). `Heads` and `Netboot` write them down.
package enum Names: Wing {
  package static let name = "names"
  package static let kinds: [AnyKind] = []
  package static let probes: [any Probe.Type] = []
  package static let operations: [any HostOperation.Type] = []
  package static let keys = [WingKey(hosts), WingKey(search)]

  private static let hosts = Key(
    "hosts", ExtraHosts.form,
    "Machines that no DNS knows, by address: heads have them in /etc/hosts, and nodes ask the heads. Default: none.")
  private static let search = Key(
    "search", SearchDomains.form,
    "Domains that a short name is looked for in, after the cluster's own. Default: none.")

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }

  /// For dnsmasq's `servers-file`.
  package static let localFile = "/etc/cluster/local-names"

  static func search(_ cluster: Cluster) -> [String] {
    (cluster.settings[search.name]?.value as? SearchDomains)?.domains ?? []
  }

  static func extra(_ cluster: Cluster) -> [ExtraHosts.Host] {
    (cluster.settings[hosts.name]?.value as? ExtraHosts)?.hosts ?? []
  }

  /// Lines of hosts(5) beside those of machines: the heads' services, and the site's own.
  static func more(_ cluster: Cluster, at servers: [IPv4Address]) -> [String] {
    // Without high availability these are the primary's, which has a name already.
    let services = cluster.ha == nil ? [] : servers.map { "\($0) \(cluster.name).\(cluster.domain) \(cluster.name)" }
    return services + publicServices(cluster)
      + extra(cluster).map { "\($0.address) \($0.names.joined(separator: " "))" }
  }

  /// Lines of the service addresses on networks where they are of both families, by a name of their own: `alps-public`.
  ///
  /// By the cluster's name nodes find the heads, and have IPv4 alone.
  static func publicServices(_ cluster: Cluster) -> [String] {
    publicNames(cluster).flatMap { name, network in
      let addresses =
        (cluster.ha?.addresses ?? []).filter { $0.network == network }.map { "\($0.address)" }
        + (cluster.ha?.ipv6 ?? []).filter { $0.network == network }.map { "\($0.address)" }
      return addresses.map { "\($0) \(name).\(cluster.domain) \(name)" }
    }
  }

  private static func publicNames(_ cluster: Cluster) -> [(name: String, network: String)] {
    (cluster.ha?.ipv6 ?? []).map { ("\(cluster.name)-\($0.network)", $0.network) }
  }

  /// Lines that keep questions for the cluster's own names at home, where the domain is not the cluster's alone:
  /// dnsmasq would ask the site's resolvers for an IPv6 address of each. Nil: all of the domain is answered here.
  ///
  /// A domain that begins with the cluster's name, as `alps.example.org` of `alps`, is its own. In any other the site
  /// has names too, and what the cluster does not know is asked there: decision 135.
  static func localNames(_ cluster: Cluster) -> String? {
    if cluster.domain.hasPrefix(cluster.name + ".") || cluster.networks.allSatisfy(\.dns.isEmpty) { return nil }
    var text = "# Written by cluster; changes made here are undone.\n"
    func add(_ name: String) {
      text += "server=/"
      text += name
      text += "."
      text += cluster.domain
      text += "/\n"
    }
    for card in MachineNames.all(in: cluster) { add(card.name) }
    add(cluster.name)
    for (name, _) in publicNames(cluster) { add(name) }
    for host in extra(cluster) { for name in host.names where !name.contains(".") { add(name) } }
    return text
  }

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
    for card in several ? MachineNames.all(in: cluster) : MachineNames.of(cluster.heads, in: cluster) where !card.isOwn
    {
      if others.insert(card.name).inserted, !machines.contains(card.name), card.name != cluster.name { continue }
      problems.append(
        Diagnostic(
          .duplicateName, "`\(card.name)` is the name of a card on `\(card.nic.network)`, and of something else.",
          help: "A card beside the one by which a machine is known is called MACHINE-NETWORK. Rename one of the two.",
          at: card.nic.source))
    }
    return problems + taken(cluster, machines.union(others).union([cluster.name]))
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
