// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Pacemaker

/// Corosync, Pacemaker and fencing on all heads: what `ha:` asks for.
///
/// Order: packages and files on every head; the service addresses and services by hand on the primary, since the
/// standby is installed over them; the proof that each head can be fenced; Corosync and Pacemaker; last the
/// configuration, which finds the services running and adopts them.
package enum HighAvailability: Wing {
  package static let name = "high-availability"
  package static let kinds: [AnyKind] = [
    AnyKind(FencingProofKind.self), AnyKind(HighAvailabilityBootstrapKind.self),
    AnyKind(PacemakerConfigurationKind.self), AnyKind(ResourceAgentsKind.self),
    AnyKind(StateFolderKind.self), AnyKind(ReplicaKind.self),
  ]
  package static let probes: [any Probe.Type] = [
    CorosyncProbe.self, CIBProbe.self, StoredCIBProbe.self, CrmMonProbe.self, FencingProbe.self,
    ResourceAgentsProbe.self, FenceTestProbe.self, StateFolderProbe.self, ServiceReportProbe.self,
    ReplicaProbe.self,
  ]
  package static let operations: [any HostOperation.Type] = [
    EnsureCIB.self, EnsureFencingProven.self, EnsureServicesOn.self, EnsureResourceAgents.self,
    EnsureFenceTested.self, EnsureStateFolder.self, EnsureReplica.self,
  ]
  package static let errands: [any Errand.Type] = [
    SwitchoverErrand.self, MaintenanceErrand.self, FenceTestErrand.self,
  ]

  package static func services(_ cluster: Cluster) -> [HeadService] {
    (cluster.ha?.services ?? []).compactMap { service in
      service.own.map { own in
        HeadService(
          name: service.name, unit: own.unit, checks: own.check.map { [$0] } ?? [], isOwn: true, source: service.source)
      }
    }
  }

  /// Corosync's heartbeat, and the site's own services at the ports that their checks ask.
  package static func firewallNeeds(_ cluster: Cluster) -> [FirewallNeed] {
    guard let policy = cluster.ha else { return [] }
    let heartbeat = policy.heartbeat.links.enumerated().map { number, network in
      FirewallNeed(
        "heartbeat", [.udp(CorosyncConfiguration.port(ofLink: number))], from: .otherHeads(network: network))
    }
    let replica = policy.state?.replica.map { replica in
      FirewallNeed(
        "replicated state", [.tcp(Int(replica.backend == .drbd ? DRBDConfiguration.port : StandIn.port))],
        from: .otherHeads(network: replica.network))
    }
    return heartbeat + (replica.map { [$0] } ?? []) + services(cluster).compactMap { need(of: $0, policy, cluster) }
  }

  /// The clients of a service come from the network of the address that it runs beside, or from that of its page.
  private static func need(
    of service: HeadService, _ policy: HighAvailabilityPolicy, _ cluster: Cluster
  ) -> FirewallNeed? {
    let spread = policy.spread.first { $0.services.contains(service.name) }
    var network = spread.map { $0.address?.network } ?? policy.anchor(cluster)?.network
    let ports = service.checks.flatMap { check -> [FirewallNeed.Port] in
      switch check {
      case .tcp(let port): return [.tcp(port)]
      case .dns: return [.tcp(53), .udp(53)]
      case .program: return []
      case .http(let url):
        guard let (host, port) = HealthCheck.place(ofPage: url) else { return [] }
        let address = IPv4Address(host)
        network = cluster.networks.first { address.map($0.cidr.contains) ?? false }?.name ?? network
        return [.tcp(port)]
      }
    }
    guard let network, !ports.isEmpty else { return nil }
    return FirewallNeed(service.name, ports, from: .network(network))
  }

  package static func contributions(_ cluster: Cluster) -> [ImageContribution] {
    witnessParts(cluster)?.contribution.map { [$0] } ?? []
  }

  package static func nodeSecrets(_ cluster: Cluster) -> [NodeSecret] {
    witnessParts(cluster)?.nodeSecret.map { [$0] } ?? []
  }

  private static func witnessParts(_ cluster: Cluster) -> WitnessParts? {
    guard let policy = cluster.ha, let witness = policy.witness, cluster.heads.count > 1 else { return nil }
    return WitnessParts(cluster: cluster, policy: policy, witness: witness)
  }

  package static func problems(_ cluster: Cluster) -> [Diagnostic] {
    units(cluster) + mains(cluster) + spread(cluster)
  }

  /// A BMC dies with the mains of its head, and Pacemaker takes nothing over from a head that it cannot see to be off.
  private static func mains(_ cluster: Cluster) -> [Diagnostic] {
    guard let policy = cluster.ha, policy.fencing, cluster.heads.count > 1 else { return [] }
    let single = cluster.heads.filter { $0.fencing == [.bmc] }.map { "`\($0.name)`" }
    guard !single.isEmpty else { return [] }
    return [
      Diagnostic(
        .singleFencing, severity: .warning,
        "\(single.joined(separator: " and ")) can be fenced by the BMC alone, which has no power when the head has none.",
        help:
          "A head that loses its mains is then not taken over until somebody says that it is off. Give each head a "
          + "second way, such as a switched power strip: `fencing: [bmc, { agent: fence_apc_snmp, … }]`.",
        at: policy.sources["fencing"] ?? policy.source)
    ]
  }

  /// A unit of the site's own is none that `cluster` decides about itself.
  private static func units(_ cluster: Cluster) -> [Diagnostic] {
    let services = WingCatalog.services(of: cluster)
    let taken = Set(services.filter { !$0.isOwn }.map(\.unit)).union(HighAvailabilityParts.units)
      .union(Lockout.units)
    return services.filter { $0.isOwn && taken.contains($0.unit) }.map { service in
      Diagnostic(
        .serviceUnit, "`\(service.unit)` is a unit that `cluster` decides about itself.",
        help: "Name a unit that you have installed on the heads.", at: service.source)
    }
  }

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard let policy = cluster.ha, let primary = cluster.primary, cluster.heads.count > 1 else { return [] }
    let parts = HighAvailabilityParts(cluster: cluster, policy: policy, primary: primary)
    return parts.state + parts.onHeads + parts.orders + parts.ownUnits + [parts.bootstrap] + parts.proofs
      + parts.units + [
        parts.configuration
      ]
  }
}

/// The resources of one cluster's high availability.
struct HighAvailabilityParts {
  let cluster: Cluster
  let policy: HighAvailabilityPolicy
  let primary: Head

  private static let corosync = "corosync.service"
  private static let pacemaker = "pacemaker.service"
  static let units: Set<String> = [corosync, pacemaker, WitnessParts.unit]
  private static let dropIn = "/etc/systemd/system/corosync.service.d/cluster.conf"
  private var agents: [String] {
    let ofState = policy.state?.replica.map { $0.backend == .standIn ? ["folder", "replica"] : ["folder"] } ?? []
    let lazy = policy.failback == .lazy ? ["failback"] : []
    let last = PacemakerElements(cluster: cluster, policy: policy).lastHeads.isEmpty ? [] : [LastHeads.resource]
    return (["service", "address", "link"] + ofState + lazy + last).map {
      "/usr/lib/ocf/resource.d/cluster/\($0)"
    }
  }

  private var witness: WitnessParts? {
    policy.witness.map { WitnessParts(cluster: cluster, policy: policy, witness: $0) }
  }

  private func source(_ key: String) -> SourceSpan { policy.sources[key] ?? policy.source }

  private var replicated: ReplicatedState? { ReplicatedState(cluster, policy, primary: primary.name) }

  /// The folder that services keep their state in.
  var state: [Resource] {
    if let replicated { return replicated.resources }
    return policy.state.map {
      SharedState(cluster: cluster, policy: policy, state: $0, primary: primary.name).resources
    } ?? []
  }

  // MARK: On every head

  var onHeads: [Resource] {
    cluster.heads.flatMap { head in
      software(on: head.name) + secrets(on: head.name)
        + (witness?.files(on: head, after: [PackagesKind.id(on: head.name, HighAvailability.name)]) ?? [])
    }
  }

  private func software(on head: HostID) -> [Resource] {
    let installed = [PackagesKind.id(on: head, HighAvailability.name)]
    // busybox fetches pages behind TLS for health checks.
    // pacemaker-resource-agents comes along with Pacemaker, and has to go with it.
    var names = [
      "busybox", "corosync", "pacemaker", "pacemaker-cli-utils", "pacemaker-resource-agents", "resource-agents",
    ]
    if policy.fencing {
      let agents = cluster.heads.flatMap(FencingLevel.all).flatMap(\.agent.packages)
      names += Set(agents + ["fence-agents"]).sorted()
    }
    if policy.witness != nil { names.append(WitnessParts.package) }
    return [
      .packages(
        on: head, HighAvailability.name, names, because: "the policy in ha: needs them", source: policy.source,
        after: WellKnown.repositories(on: head) + [WellKnown.basePackages(on: head)]),
      .file(
        on: head, CorosyncConfiguration.path, CorosyncConfiguration(cluster: cluster, policy: policy).text,
        because: "the heads' heartbeat over \(policy.heartbeat.links.joined(separator: " and "))",
        source: source("heartbeat"), after: installed),
      .file(
        on: head, Rejoining.path, Rejoining.program, mode: 0o755, because: Rejoining.why, source: source("heartbeat"),
        after: installed),
      .file(
        on: head, Self.dropIn, corosyncUnit,
        because: "Corosync waits after a boot, and takes up changes without a restart",
        source: source("heartbeat"), after: installed + [FileKind.id(on: head, Rejoining.path)]),
      .file(
        on: head, Self.online, Self.anyLink, because: "a broken cable does not keep Corosync from starting",
        source: source("heartbeat"), after: installed),
      .resourceAgents(
        on: head, because: "how Pacemaker runs services and addresses", source: source("services"), after: installed),
    ]
      + agents.map { agent in
        .file(
          on: head, agent, Self.script, mode: 0o755, because: "how Pacemaker runs services and addresses",
          source: source("services"), after: [ResourceAgentsKind.id(on: head)])
      }
  }

  /// Debian's unit cannot reload, and a restart would take Pacemaker and its services along.
  private var corosyncUnit: String {
    let wait = Rejoining.seconds(policy)
    return """
      [Service]
      ExecStartPre=-\(Rejoining.path) \(wait)
      TimeoutStartSec=\(90 + wait)
      ExecReload=/usr/sbin/corosync-cfgtool -R

      """
  }

  private static let online = "/etc/systemd/system/systemd-networkd-wait-online.service.d/50-cluster.conf"
  /// Corosync starts after network-online.target, and that waits two minutes for a link which is broken: one that works
  /// is enough to come back to the cluster.
  private static let anyLink = """
    [Service]
    ExecStart=
    ExecStart=/lib/systemd/systemd-networkd-wait-online --any --timeout=30

    """

  /// The kernel starts the program that the first line names, with the path of this file and Pacemaker's action.
  private static let script = """
    #!\(ResourceAgentsKind.path) ocf
    # Written by cluster: a resource agent of Pacemaker. Its program is the interpreter.

    """

  private func secrets(on head: HostID) -> [Resource] {
    let installed = [PackagesKind.id(on: head, HighAvailability.name)]
    var resources: [Resource] = [
      .secretFile(
        on: head, CorosyncConfiguration.keyPath, CorosyncConfiguration.key, mode: 0o400,
        because: "the heartbeat is encrypted", source: source("heartbeat"), after: installed)
    ]
    guard policy.fencing else { return resources }
    var written: Set<SecretRef> = []
    for other in cluster.heads {
      guard let bmc = other.bmc else { continue }
      let path = WellKnown.secretPath(bmc.password)
      if written.insert(bmc.password).inserted {
        resources.append(
          .secretFile(
            on: head, path, bmc.password, because: "fencing of \(other.name)", source: source("fencing"),
            after: installed))
      }
      resources.append(
        .file(
          on: head, bmc.speaks.fenceProgramPath(other.name), bmc.speaks.fenceProgram(duel(of: head, with: bmc)),
          mode: 0o755, because: "fencing of \(other.name) without its password on a command line",
          source: source("fencing"),
          after: installed))
      for level in FencingLevel.all(of: other) {
        for secret in level.agent.secrets.values.sorted() where written.insert(secret).inserted {
          resources.append(
            .secretFile(
              on: head, WellKnown.secretPath(secret), secret, because: "fencing of \(other.name)",
              source: source("fencing"), after: installed))
        }
        resources += level.files.map { file in
          .file(
            on: head, file.path, file.text, mode: 0o755,
            because: "fencing of \(other.name) without secrets in Pacemaker's configuration", source: source("fencing"),
            after: installed)
        }
      }
    }
    return resources
  }

  private func duel(of name: HostID, with target: BMC) -> FencingDuel {
    let shooter = cluster.heads.first { $0.name == name }
    let own = shooter?.bmc.flatMap { $0.protocol == target.protocol && $0.address != target.address ? $0 : nil }
    let anchor = policy.anchor(cluster)
    func side(_ bmc: BMC) -> FencingDuel.Side { .init(bmc: bmc, passwordFile: WellKnown.secretPath(bmc.password)) }
    return FencingDuel(
      target: side(target), own: own.map(side), isMutual: true,
      order: cluster.heads.map(\.name).sorted().firstIndex(of: name) ?? 0,
      service: anchor?.address, card: anchor.flatMap { shooter?.nic(on: $0.network)?.name })
  }

  /// Units that Pacemaker runs stop after it at a shutdown, or it would see them fail, and nobody starts them but it:
  /// as Pacemaker itself writes for resources of its class `systemd`.
  var orders: [Resource] {
    let text = "[Unit]\nBefore=pacemaker.service\n[Service]\nRestart=no\n"
    return cluster.heads.flatMap { head in
      ClusteredUnit.all(of: policy, in: cluster).map { unit in
        .file(
          on: head.name, Self.order(of: unit.unit), text,
          because: "\(unit.unit) stops after Pacemaker, which stops it in good order", source: source("services"),
          after: [PackagesKind.id(on: head.name, HighAvailability.name)])
      }
    }
  }

  private static func order(of unit: String) -> String { "/etc/systemd/system/\(unit).d/50-cluster-pacemaker.conf" }

  /// Units of the site's own: Pacemaker starts them, so they must not start by themselves.
  var ownUnits: [Resource] {
    cluster.heads.flatMap { head in
      ClusteredUnit.all(of: policy, in: cluster).filter(\.isOwn).map { unit in
        .unit(
          on: head.name, .init(UnitGoal(name: unit.unit, enabled: false, active: nil), isOwn: true),
          because: "\(unit.services.joined(separator: " and ")) moves between the heads", source: source("services"),
          after: [WellKnown.basePackages(on: head.name)])
      }
    }
  }

  // MARK: From hand to Pacemaker

  var bootstrap: Resource {
    let head = primary.name
    let addresses = policy.addresses.compactMap { address -> HighAvailabilityBootstrapKind.Address? in
      guard let nic = primary.nic(on: address.network), let network = cluster.network(address.network) else {
        return nil
      }
      return .init(interface: nic.name, address: .v4(address.address), prefix: network.cidr.prefix)
    }
    let ipv6 = policy.ipv6.compactMap { address -> HighAvailabilityBootstrapKind.Address? in
      guard let nic = primary.nic(on: address.network), let network = cluster.network(address.network)?.ipv6 else {
        return nil
      }
      return .init(interface: nic.name, address: .v6(address.address), prefix: network.cidr.prefix)
    }
    // A replicated disk is active, and mounted, by Pacemaker alone. What has a head of its own is started there by it.
    let units = ClusteredUnit.all(of: policy, in: cluster)
      .filter { $0.spread == nil && (!$0.keepsState || replicated == nil) }.map(\.unit)
    return .highAvailabilityBootstrap(
      .init(
        head: head, others: cluster.heads.map(\.name).filter { $0 != head }, addresses: addresses + ipv6,
        units: units),
      because: "services before Pacemaker runs", source: source("addresses"),
      after: units.map { WellKnown.unit($0, on: head) }
        + (policy.state.map { [StateFolderKind.id(on: head, $0.path)] } ?? [])
    )
  }

  var proofs: [Resource] {
    guard policy.fencing else { return [] }
    let own = cluster.heads.compactMap { head in
      head.bmc.map { bmc in
        Resource.fencingProof(
          .init(head: head.name, from: head.name, bmc: bmc, own: nil),
          because: "the order to switch \(head.name) off goes to \(head.name)", source: source("fencing"),
          after: [PackagesKind.id(on: head.name, HighAvailability.name)])
      }
    }
    return own + levelProofs
      + cluster.heads.compactMap { head in
        guard let bmc = head.bmc, let other = cluster.heads.first(where: { $0.name != head.name }) else { return nil }
        return .fencingProof(
          .init(head: head.name, from: other.name, bmc: bmc, own: other.bmc),
          because: "\(other.name) can switch \(head.name) off", source: source("fencing"),
          after: [
            PackagesKind.id(on: other.name, HighAvailability.name),
            SecretFileKind.id(on: other.name, WellKnown.secretPath(bmc.password)),
            FileKind.id(
              on: other.name, bmc.speaks.fenceProgramPath(head.name)),
          ])
      }
  }

  private var levelProofs: [Resource] {
    cluster.heads.flatMap { head -> [Resource] in
      guard let bmc = head.bmc, let other = cluster.heads.first(where: { $0.name != head.name })?.name else {
        return []
      }
      return FencingLevel.all(of: head).map { level in
        let secrets = level.agent.secrets.values.map { SecretFileKind.id(on: other, WellKnown.secretPath($0)) }
        return .fencingProof(
          .init(head: head.name, from: other, bmc: bmc, own: nil, level: level),
          because: "\(other) can switch \(head.name) off by \(level.agent.name)", source: source("fencing"),
          after: [PackagesKind.id(on: other, HighAvailability.name)] + secrets
            + level.files.map { FileKind.id(on: other, $0.path) })
      }
    }
  }

  var units: [Resource] {
    // A reload makes all members read their files, so these have to be the same everywhere before the first one.
    let files = cluster.heads.flatMap { head in
      [
        PackagesKind.id(on: head.name, HighAvailability.name), FileKind.id(on: head.name, CorosyncConfiguration.path),
        FileKind.id(on: head.name, Self.dropIn), SecretFileKind.id(on: head.name, CorosyncConfiguration.keyPath),
      ]
    }
    let before = files + [HighAvailabilityBootstrapKind.id(on: primary.name)] + proofs.map(\.id)
    // Pacemaker fences a head that it has not seen when it starts, so Corosync runs everywhere first.
    let heartbeats = cluster.heads.map { WellKnown.unit(Self.corosync, on: $0.name) }
    return cluster.heads.flatMap { head -> [Resource] in
      let configuration = [CorosyncConfiguration.path, CorosyncConfiguration.keyPath]
      return [
        .unit(
          on: head.name,
          .init(
            UnitGoal(name: Self.corosync, enabled: true, active: true, configuration: configuration, reload: .reload),
            watches: [
              FileKind.id(on: head.name, CorosyncConfiguration.path),
              SecretFileKind.id(on: head.name, CorosyncConfiguration.keyPath),
            ]), because: "membership and quorum of the heads", source: source("heartbeat"), after: before),
        .unit(
          on: head.name, .init(UnitGoal(name: Self.pacemaker, enabled: true, active: true)),
          because: "failover of services and addresses", source: policy.source,
          after: before + heartbeats),
      ] + (witness.map { [$0.unit(on: head.name, after: heartbeats + $0.ids(on: head.name))] } ?? [])
    }
  }

  var configuration: Resource {
    let members = [primary.name] + cluster.heads.map(\.name).filter { $0 != primary.name }
    let perHead = cluster.heads.flatMap { head in
      [WellKnown.unit(Self.pacemaker, on: head.name)] + agents.map { FileKind.id(on: head.name, $0) }
        + ClusteredUnit.all(of: policy, in: cluster).map { WellKnown.unit($0.unit, on: head.name) }
        + (replicated?.needed(on: head.name) ?? [])
    }
    var resource = Resource.pacemakerConfiguration(
      .init(members: members, elements: PacemakerElements(cluster: cluster, policy: policy).all),
      because: "the policy of `ha`", source: policy.source, after: perHead + proofs.map(\.id))
    resource.parts = policy.sources
    return resource
  }
}
