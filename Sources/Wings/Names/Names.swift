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

  static let hosts = Key(
    "hosts", ExtraHosts.form,
    "Machines that no DNS knows, by address: heads have them in /etc/hosts, and nodes ask the heads. Default: none.")
  static let search = Key(
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

  static func publicNames(_ cluster: Cluster) -> [(name: String, network: String)] {
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
}
