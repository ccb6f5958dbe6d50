// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Every head takes what its own services need and what `firewall:` opens, and drops the rest, where there is a
/// `firewall:`. Without the key nothing is touched.
///
/// The rules are a file, and a unit of ours loads it: before the first link at boot, and in one transaction when it
/// changes. Both are done under the dead-man switch, and checked by nft(8) before: see `Lockout` and `OwnCheck`.
package enum Firewall: Wing {
  package static let name = "firewall"
  package static let kinds: [AnyKind] = [AnyKind(FirewallKind.self)]
  package static let probes: [any Probe.Type] = [ListenersProbe.self]
  package static let operations: [any HostOperation.Type] = []
  package static let keys = [WingKey(key)]
  private static let key = Key(
    "firewall", FirewallPolicy.form,
    "Closes all ports of the heads but those that their services need and that are opened here: nftables(8). Default: no port is closed."
  )

  /// The family and the name of our table.
  package static let table = "inet cluster"
  package static let file = "/etc/cluster/firewall.nft"
  package static let unit = "cluster-firewall.service"
  package static let unitFile = "/etc/systemd/system/" + unit
  /// A drop-in for Debian's own unit.
  private static let othersFile = "/etc/systemd/system/nftables.service.d/50-cluster-firewall.conf"
  /// The rules as the kernel had them right after they were loaded, in nft(8)'s own words.
  package static let loaded = "/run/cluster-firewall"

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard let (policy, source) = asked(cluster) else { return [] }
    let needs = published.firewallNeeds + policy.open
    return cluster.heads.flatMap { head -> [Resource] in
      let because = "ports that nothing needs are closed"
      let installed = PackagesKind.id(on: head.name, name)
      let written = [file, unitFile, othersFile].map { FileKind.id(on: head.name, $0) }
      let goal = UnitGoal(
        name: unit, enabled: true, active: true, configuration: [file, unitFile, othersFile], reload: .reload)
      return [
        .packages(
          on: head.name, name, ["nftables"], because: because, source: source,
          after: WellKnown.repositories(on: head.name) + [WellKnown.basePackages(on: head.name)]),
        .file(
          on: head.name, file, FirewallRules(cluster: cluster, head: head, needs: needs).text, because: because,
          source: source, after: [installed]),
        .file(on: head.name, unitFile, unitText, because: because, source: source, after: [installed]),
        .file(on: head.name, othersFile, othersText, because: because, source: source, after: [installed]),
        Resource(
          FirewallKind.id(on: head.name),
          FirewallKind.Desired(unit: .init(goal, watches: written), open: needs.flatMap(\.ports)),
          because: because, source: source, after: [installed] + written),
      ]
    }
  }

  package static func problems(_ cluster: Cluster) -> [Diagnostic] {
    guard let (policy, _) = asked(cluster) else { return [] }
    let names = cluster.networks.map(\.name)
    return zip(policy.open, policy.origins).compactMap { need, span in
      if case .network(let name) = need.origin, !names.contains(name) {
        return Diagnostic(
          .unknownNetwork, "There is no network `\(shown(name))`.",
          help:
            "Described are: \(names.map { "`\($0)`" }.joined(separator: ", ")). Others are written by their addresses, and all as `any`.",
          at: span)
      }
      guard need.origin == .anywhere, names.contains(OriginForm.any) else { return nil }
      return Diagnostic(
        .badName, "`\(OriginForm.any)` is everybody here, and a network has this name too.",
        help: "Give the network another name.", at: span)
    }
  }

  static func asked(_ cluster: Cluster) -> (policy: FirewallPolicy, source: SourceSpan)? {
    guard let setting = cluster.settings[key.name], let policy = setting.value as? FirewallPolicy else { return nil }
    return (policy, setting.source)
  }

  /// Keeps nft(8)'s listing after each load, so that a change by hand is seen. Nothing stops it at a shutdown: the
  /// links are up still.
  private static let unitText = NftablesUnit.text(
    "Firewall of this head", file: file, table: table, after: "/usr/sbin/nft --stateless list table \(table)",
    more: "StandardOutput=truncate:\(loaded)\n")
  private static let othersText = NftablesUnit.others(file: file)
}
