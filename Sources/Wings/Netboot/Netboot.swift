// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// DHCP, TFTP, DNS (dnsmasq) and HTTP (nginx) for the network that boots nodes. The same on every head, so that
/// whichever holds the service address answers alike.
package enum Netboot: Wing {
  package static let name = "netboot"
  package static let kinds: [AnyKind] = [AnyKind(BootSignaturesKind.self)]
  package static let probes: [any Probe.Type] = [BootSignaturesProbe.self, BootNetworkProbe.self]
  package static let operations: [any HostOperation.Type] = [EnsureBootSigned.self, EnsureBootSignedAbsent.self]
  package static let keys = [WingKey(SignedBoot.key)]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    let served = ServedNetwork.all(in: cluster)
    guard let network = cluster.bootNetwork, let server = published.serviceAddress else { return [] }
    let machines = BootMachines(cluster, served, published)
    return cluster.heads.flatMap { head -> [Resource] in
      let own = served.filter { head.nic(on: $0.entry.name) != nil }
      guard let nic = head.nic(on: network.name) else { return [] }
      return BootSite(
        cluster: cluster, network: network, served: own, head: head, nic: nic, server: server, machines: machines
      ).resources
    }
  }

  package static func services(_ cluster: Cluster) -> [HeadService] {
    guard let network = cluster.bootNetwork, let address = serviceAddress(cluster) else { return [] }
    let name = cluster.primary.map { HealthCheck.dns(name: "\($0.name).\(cluster.domain)") }
    let checks: [Network.Service: [HealthCheck]] = [
      .dns: name.map { [$0] } ?? [], .boot: [.http(url: "http://\(address)/boot.ipxe")],
    ]
    return Network.Service.allCases.map { service in
      HeadService(
        name: service.rawValue, unit: service == .boot ? nginx : dnsmasq, checks: checks[service] ?? [],
        source: network.source)
    }
  }

  /// TFTP's data come from its own port too (`tftp-single-port`), so nothing has to follow it.
  package static func firewallNeeds(_ cluster: Cluster) -> [FirewallNeed] {
    ServedNetwork.all(in: cluster).flatMap { served in
      Network.Service.allCases.filter(served.serves).map { service in
        switch service {
        // Who asks for an address has none; a relay asks from its own.
        case .dhcp: FirewallNeed("dhcp", [.udp(67)], from: .cards(network: served.entry.name))
        case .dns: FirewallNeed("dns", [.tcp(53), .udp(53)], from: .network(served.network.name))
        case .boot: FirewallNeed("boot", [.tcp(80), .udp(69)], from: .network(served.network.name))
        }
      }
    }
  }

  package static func problems(_ cluster: Cluster) -> [Diagnostic] {
    guard let source = SignedBoot.asked(cluster) else { return [] }
    let boots = cluster.nodes.contains { cluster.bootNIC(of: $0)?.mac != nil }
    if boots, cluster.bootNetwork != nil { return [] }
    return [
      Diagnostic(
        .noEffect, "No node boots over the network, so nothing would be signed.",
        help: "Remove `boot: signed`, or describe nodes on a network with `serves: [dhcp, dns, boot]`.", at: source)
    ]
  }

  /// Heads whose nginx serves something else: with its configuration, that goes.
  package static func notes(_ cluster: Cluster, _ inventory: Inventory) -> [String] {
    let answers = Answers(inventory, uninstalled: [])
    return (cluster.bootNetwork == nil ? [] : cluster.heads).compactMap { head in
      guard case .file(let facts)? = try? answers.answer(head.name, FileProbe(nginxFile)), !facts.managed else {
        return nil
      }
      return "\(nginxFile) on \(head.name) is not ours and will be replaced: what that nginx serves ends, also its "
        + "sites-enabled. Move it to another machine first; the file is kept in /var/lib/cluster/backups."
    }
  }

  static let nginxFile = "/etc/nginx/nginx.conf"
  static let dnsmasq = "dnsmasq.service"
  static let nginx = "nginx.service"

  /// Where nodes of other networks find the heads, by network: where it is not the service address of most.
  package static func otherServers(_ cluster: Cluster) -> [String: IPv4Address] {
    let main = serviceAddress(cluster)
    return cluster.bootNetworks.reduce(into: [:]) { servers, network in
      if let server = cluster.server(of: network), server != main { servers[network.name] = server }
    }
  }

  /// Where nodes find the heads: the service address when there is one, else the only head's own.
  package static func serviceAddress(_ cluster: Cluster) -> IPv4Address? {
    cluster.serviceAddress
  }
}

/// The boot services of one head.
struct BootSite {
  let cluster: Cluster
  /// The one on which most nodes meet the heads.
  let network: Network
  let served: [ServedNetwork]
  let head: Head
  /// Its card there.
  let nic: NIC
  /// Where they meet.
  let server: IPv4Address
  let machines: BootMachines

  private static let dnsmasqFile = "/etc/dnsmasq.d/cluster.conf"
  private static let logNote = "/var/log/cluster/README"
  private static let kernelFile = "/etc/sysctl.d/90-cluster-boot.conf"

  private var scale: BootScale { BootScale(cluster, served) }

  var resources: [Resource] {
    let packages = Resource.packages(
      on: head.name, "boot", ["dnsmasq", "ipxe", "nginx-light"] + (isSigned ? SignedBoot.packages : []),
      because: "network \(network.name) boots nodes",
      source: network.source,
      after: WellKnown.repositories(on: head.name) + [WellKnown.basePackages(on: head.name)])
    let rotation = BootLogRotation(head: head.name, source: network.source).resources(after: installed)
    return [packages] + configuration + rotation + trees + signed + units
  }

  private var isSigned: Bool { SignedBoot.asked(cluster) != nil }

  private var installed: [ResourceID] { [WellKnown.bootPackages(on: head.name)] }

  private var configuration: [Resource] {
    (Names.localNames(cluster).map { names in
      [
        Resource.file(
          on: head.name, Names.localFile, names, because: "nobody outside is asked for the cluster's own names",
          source: network.source, after: installed)
      ]
    } ?? []) + [
      .file(
        on: head.name, Self.dnsmasqFile,
        DnsmasqConfiguration(cluster: cluster, head: head, served: served, main: network, scale: scale).text,
        because: "DHCP, TFTP and DNS for \(words)", source: network.source,
        // dnsmasq does not start without the folder that TFTP serves.
        after: installed + [BootSignaturesKind.id(on: head.name)]),
      .file(
        on: head.name, Netboot.nginxFile,
        NginxConfiguration(
          networks: networks, servers: servers, scale: scale,
          clones: cluster.heads.filter { $0.cloneOf != nil }.compactMap { $0.nic(on: network.name)?.address },
          isSigned: isSigned
        ).text, takesOver: "what nginx serves on this head now ends",
        because: "boot scripts and images over HTTP", source: network.source, after: installed),
      .file(
        on: head.name, Self.logNote, "boot.log: one JSON object for each boot request and each report of a node.\n",
        because: "nginx writes its log of boots there", source: network.source),
      .file(
        on: head.name, Self.kernelFile, scale.kernel, because: "it speaks to \(scale.machines) machines directly",
        source: network.source),
    ]
  }

  private var booting: [ServedNetwork] { served.filter { $0.serves(.boot) } }

  /// "network private", "networks rack1 and rack2".
  private var words: String {
    let names = served.map(\.network.name)
    return names.count == 1 ? "network \(names[0])" : "networks \(names.joined(separator: ", "))"
  }

  /// The networks whose machines fetch from the heads; the heads are on the first.
  private var networks: [IPv4Network] {
    var found = [network.cidr]
    for served in booting where !found.contains(served.network.cidr) { found.append(served.network.cidr) }
    return found
  }

  /// Where they find the heads.
  private var servers: [IPv4Address] {
    var found = [server]
    for other in booting.compactMap(\.server) where !found.contains(other) { found.append(other) }
    return found
  }

  private var scripts: [String: TreeGoal.Entry] {
    booting.reduce(into: BootScript.common(server: server)) { scripts, served in
      guard let other = served.server, other != server else { return }
      scripts.merge(BootScript.common(server: other, of: served.network.name)) { first, _ in first }
    }
  }

  private var trees: [Resource] {
    [
      .tree(
        on: head.name, WellKnown.bootScripts, scripts,
        because: "the first script of every machine",
        source: network.source),
      .tree(
        on: head.name, WellKnown.machineScripts, machines.scripts, because: "each machine's own boot script",
        source: cluster.nodes.first?.source ?? network.source,
        // A node that restarts meanwhile boots what it booted before, not what is not there yet.
        after: cluster.images.map { ImageKind.id($0.name) } + [BootSignaturesKind.id(on: head.name)]),
      .tree(
        on: head.name, WellKnown.dhcpHosts, ["machines": machines.reservations], because: "addresses by MAC",
        source: cluster.nodes.first?.source ?? network.source, after: installed),
      .tree(
        on: head.name, WellKnown.dnsHosts, ["machines": machines.names], because: "names of heads and nodes",
        source: cluster.nodes.first?.source ?? network.source, after: installed),
    ]
  }

  /// Where boot is signed: the scripts of nodes, their signatures, and the boot loaders that check them.
  private var signed: [Resource] {
    guard let source = SignedBoot.asked(cluster) else { return [] }
    let scripts = machines.signed
    let loaders = booting.compactMap { served -> BootSignaturesGoal.Loader? in
      guard let address = served.server else { return nil }
      return BootSignaturesGoal.Loader(
        name: SignedBoot.loader(address == server ? nil : served.network.name),
        configuration: SignedBoot.configuration(server: address))
    }
    let goal = BootSignaturesGoal(
      key: .bootSigning, loaders: loaders.reduce(into: []) { if !$0.contains($1) { $0.append($1) } },
      scripts: scripts.mapValues { $0.contents.digest }, images: machines.images)
    return [
      .tree(
        on: head.name, WellKnown.signedScripts, scripts, because: "each node's own boot script, to be signed",
        source: cluster.nodes.first?.source ?? source, after: cluster.images.map { ImageKind.id($0.name) }),
      Resource(
        BootSignaturesKind.id(on: head.name), BootSignaturesKind.Desired(goal),
        because: "nodes boot only what the site has signed", source: source,
        after: installed + [TreeKind.id(on: head.name, WellKnown.signedScripts)]
          + cluster.images.map { ImageKind.id($0.name) }),
    ]
  }

  /// With high availability these units are Pacemaker's: they are configured and reloaded here, and started there.
  /// Without it the primary alone serves: two heads that hand out the same addresses would not know of each other.
  private var units: [Resource] {
    let serves = head.name == cluster.primary?.name
    let own: Bool? = cluster.ha == nil ? serves : nil
    let enabled = cluster.ha == nil && serves
    let local = Names.localNames(cluster) == nil ? [] : [Names.localFile]
    let dnsmasq = UnitGoal(
      name: Netboot.dnsmasq, enabled: enabled, active: own,
      configuration: [Self.dnsmasqFile, WellKnown.dhcpHosts, WellKnown.dnsHosts] + local, reload: .restart)
    // Runs once at boot, and again when it is told to.
    let kernel = UnitGoal(
      name: "systemd-sysctl.service", enabled: nil, active: nil, configuration: [Self.kernelFile], reload: .restart)
    let nginx = UnitGoal(
      name: Netboot.nginx, enabled: enabled, active: own, configuration: [Netboot.nginxFile], reload: .reload)
    let log = [FileKind.id(on: head.name, Self.logNote), LinkKind.id(on: head.name, nic.name)]
    // Else Pacemaker would start and stop them too.
    let released = cluster.ha == nil ? [PacemakerConfigurationKind.id] : []
    return [
      .unit(
        on: head.name, .init(kernel, watches: [FileKind.id(on: head.name, Self.kernelFile)]),
        because: "the kernel keeps as many neighbours as there are machines", source: network.source),
      .unit(
        on: head.name,
        .init(
          dnsmasq,
          // A reload takes new reservations up, and leaves every lease that contradicts them as it is.
          watches: [
            FileKind.id(on: head.name, Self.dnsmasqFile), TreeKind.id(on: head.name, WellKnown.dhcpHosts),
          ],
          reloadsFor: [TreeKind.id(on: head.name, WellKnown.dnsHosts)]
            + local.map { FileKind.id(on: head.name, $0) }),
        because: "DHCP, TFTP and DNS", source: network.source, after: installed + log, afterRemoval: released),
      .unit(
        on: head.name, .init(nginx, watches: [FileKind.id(on: head.name, Netboot.nginxFile)]),
        because: "boot scripts and images over HTTP", source: network.source, after: installed + log,
        afterRemoval: released),
    ]
  }
}
