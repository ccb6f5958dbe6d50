// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Heads that route for networks with `nat: true`: nftables(8) and the kernel's forwarding, on every head alike. The
/// service address is the router that nodes are told of, so the head that is active is the one that forwards.
///
/// Without such a network nothing is touched, and heads forward nothing.
package enum Routing: Wing {
  package static let name = "routing"
  package static let kinds: [AnyKind] = []
  package static let probes: [any Probe.Type] = []
  package static let operations: [any HostOperation.Type] = []

  package static let unit = "cluster-nat.service"
  package static let file = "/etc/cluster/nat.nft"
  static let table = "ip cluster-nat"
  private static let unitFile = "/etc/systemd/system/" + unit
  private static let kernelFile = "/etc/sysctl.d/91-cluster-nat.conf"
  /// A drop-in for Debian's own unit.
  private static let othersFile = "/etc/systemd/system/nftables.service.d/51-cluster-nat.conf"

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    let networks = cluster.networks.filter(\.isTranslated)
    guard let source = networks.first?.source else { return [] }
    return cluster.heads.flatMap { head -> [Resource] in
      guard let rules = rules(networks, cluster, head) else { return [] }
      let because = "machines of \(networks.map(\.name).joined(separator: ", ")) leave over the heads"
      let installed = PackagesKind.id(on: head.name, name)
      let texts = [(file, rules), (kernelFile, kernel), (unitFile, unitText), (othersFile, othersText)]
      let goal = UnitGoal(
        name: unit, enabled: true, active: true, configuration: [file, kernelFile, unitFile], reload: .reload)
      let packages = Resource.packages(
        on: head.name, name, ["nftables"], because: because, source: source,
        after: WellKnown.repositories(on: head.name) + [WellKnown.basePackages(on: head.name)])
      return [packages]
        + texts.map { path, text in
          .file(on: head.name, path, text, because: because, source: source, after: [installed])
        } + [
          .unit(
            on: head.name, .init(goal, watches: [file, kernelFile, unitFile].map { FileKind.id(on: head.name, $0) }),
            because: because, source: source,
            after: [installed] + head.nics.map { LinkKind.id(on: head.name, $0.name) })
        ]
    }
  }

  /// A table of our own, which is replaced in one transaction. Between networks of the description nothing else is
  /// forwarded: whoever is outside has no way in, and BMCs are for heads. What others forward, such as containers on a
  /// head, is theirs.
  static func rules(_ networks: [Network], _ cluster: Cluster, _ head: Head) -> String? {
    guard let way = cluster.gateway(of: head.nics, isHead: true)?.nic else { return nil }
    let cards = "{ " + head.nics.map { "\"\($0.name)\"" }.joined(separator: ", ") + " }"
    let inside = networks.compactMap { network in head.nic(on: network.name).map { (network, $0) } }
    let (translated, forwarded) = (
      inside.map { "    ip saddr \($0.0.cidr) oifname \"\(way.name)\" masquerade\n" }.joined(),
      inside.map { "    iifname \"\($0.1.name)\" ip saddr \($0.0.cidr) oifname \"\(way.name)\" accept\n" }.joined()
    )
    return """
      # Written by cluster; changes made here are undone. \(unit) loads it.
      table \(table)
      delete table \(table)
      table \(table) {
        chain postrouting {
          type nat hook postrouting priority srcnat; policy accept;
      \(translated)  }
        chain forward {
          type filter hook forward priority filter; policy accept;
          ct state established,related accept
      \(forwarded)    iifname \(cards) oifname \(cards) counter drop comment "heads route for nobody else"
        }
      }

      """
  }

  /// See sysctl.d(5).
  private static let kernel = """
    # Written by cluster; changes made here are undone.
    net.ipv4.ip_forward = 1

    """

  /// The rules come before the kernel forwards, and go after the next boot at the latest: the kernel's setting stays
  /// until then, as others may need it.
  private static let unitText = NftablesUnit.text(
    "Ways out for the cluster's machines over this head", file: file, table: table,
    after: "/lib/systemd/systemd-sysctl \(kernelFile)")
  private static let othersText = NftablesUnit.others(file: file)
}
