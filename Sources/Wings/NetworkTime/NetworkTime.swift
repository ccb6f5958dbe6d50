// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// One time for all machines, where `ntp:` names servers: chrony on every head, which asks them and the other heads;
/// nodes follow the service address with systemd-timesyncd, which their images have.
///
/// - Every head serves, so the one that takes the service address over has the time already. Nothing moves.
/// - When no server answers, heads agree among themselves (`local … orphan`), and nodes go on following them.
package enum NetworkTime: Wing {
  package static let name = "ntp"
  package static let kinds: [AnyKind] = []
  package static let probes: [any Probe.Type] = []
  package static let operations: [any HostOperation.Type] = []
  package static let keys = [WingKey(key)]
  private static let key = Key(
    "ntp", Servers.form,
    "Time servers for the heads, by chrony(8), which takes the place of systemd-timesyncd there; nodes follow the service address. Default: what the machines have."
  )
  private static let file = "/etc/chrony/chrony.conf"
  private static let unit = "chrony.service"

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard let (servers, source) = asked(cluster) else { return [] }
    return cluster.heads.flatMap { head -> [Resource] in
      let because = "heads and nodes have one time"
      let installed = PackagesKind.id(on: head.name, name)
      return [
        .packages(
          on: head.name, name, ["chrony"], because: because, source: source,
          after: WellKnown.repositories(on: head.name) + [WellKnown.basePackages(on: head.name)]),
        .file(
          on: head.name, file, configuration(servers, of: head, in: cluster), because: because, source: source,
          after: [installed]),
        .unit(
          on: head.name,
          .init(
            UnitGoal(name: unit, enabled: true, active: true, configuration: [file]),
            watches: [FileKind.id(on: head.name, file)]),
          because: because, source: source, after: [installed]),
      ]
    }
  }

  package static func contributions(_ cluster: Cluster) -> [ImageContribution] {
    guard let (_, source) = asked(cluster), let server = Netboot.serviceAddress(cluster) else { return [] }
    // Each machine reaches one of them directly, and asks in turn: timesyncd.conf(5).
    let others = Set(Netboot.otherServers(cluster).values).sorted()
    let servers = ([server] + others).map(\.description).joined(separator: " ")
    return [
      ImageContribution(
        name: name, packages: ["systemd-timesyncd"],
        files: [
          "etc/systemd/timesyncd.conf.d/cluster.conf": TreeGoal.Entry(
            .text("# Written by cluster.\n[Time]\nNTP=\(servers)\nFallbackNTP=\n"))
        ], because: "nodes have the heads' time", source: source)
    ]
  }

  /// Nodes ask, and heads each other.
  package static func firewallNeeds(_ cluster: Cluster) -> [FirewallNeed] {
    guard asked(cluster) != nil else { return [] }
    return asking(cluster).map { FirewallNeed("ntp", [.udp(123)], from: .network($0.name)) }
  }

  /// A head that is asked by itself, and by the others anyway.
  package static func problems(_ cluster: Cluster) -> [Diagnostic] {
    guard let setting = cluster.settings[key.name], let asked = setting.value as? Servers.Declaration else { return [] }
    var own = Set(
      MachineNames.of(cluster.heads, in: cluster).flatMap { [$0.name, "\($0.nic.address)"] } + [cluster.name])
    own.formUnion(cluster.ha?.allAddresses.map { "\($0.address)" } ?? [])
    let suffix = ".\(cluster.domain)"
    return zip(asked.names, asked.spans).filter { name, _ in
      own.contains(name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name)
    }.map { name, span in
      Diagnostic(
        .noEffect, "The heads would ask themselves what time it is: `\(shown(name))` is one of them.",
        help: "They agree among each other by themselves. Name servers outside of the cluster, or remove `ntp:`.",
        at: span)
    }
  }

  /// See chrony.conf(5). A head that was off for long is set at once when it starts (`makestep`), and slewed later.
  private static func configuration(_ servers: [String], of head: Head, in cluster: Cluster) -> String {
    let network = cluster.bootNetwork
    let others = cluster.heads.filter { $0.name != head.name }.compactMap { other in
      network.flatMap { other.nic(on: $0.name)?.address }
    }
    return
      (["# Written by cluster; changes made here are undone."]
      + servers.map { "server \($0) iburst" }
      + others.map { "peer \($0)" }
      + asking(cluster).map { "allow \($0.cidr)" }
      + [
        "local stratum 10 orphan", "driftfile /var/lib/chrony/chrony.drift", "ntsdumpdir /var/lib/chrony",
        "makestep 1 3", "rtcsync", "leapsectz right/UTC",
      ]).joined(separator: "\n") + "\n"
  }

  /// The networks of those who ask: the heads and the nodes.
  private static func asking(_ cluster: Cluster) -> [Network] {
    let boot = cluster.bootNetworks
    return (cluster.bootNetwork.map { [$0] } ?? []) + boot.filter { $0.name != cluster.bootNetwork?.name }
  }

  private static func asked(_ cluster: Cluster) -> (servers: [String], source: SourceSpan)? {
    guard let setting = cluster.settings[key.name], let servers = setting.value as? Servers.Declaration else {
      return nil
    }
    return (servers.names, setting.source)
  }
}

/// The value of `ntp:`.
private enum Servers: Section {
  struct Declaration: Hashable, Sendable {
    var names: [String]
    /// Where each of them stands.
    var spans: [SourceSpan]
  }

  static let noun = "`ntp`"
  static let doc = "Where the heads get the time."

  static let servers = Key(
    "servers",
    .list(
      of: .host("a time server", example: "ntp.example.org"), "a list of time servers", minimum: 1, unique: true),
    required: true,
    "The servers that the heads ask, by name or address. Three or more find out one that is wrong.")

  static let keys = [servers.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    let servers = fields.read(servers, &problems)?.value ?? []
    return Declaration(names: servers.map(\.value), spans: servers.map(\.span))
  }
}
