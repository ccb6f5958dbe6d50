// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// DHCP, TFTP, DNS (dnsmasq) and HTTP (nginx) for the network that boots nodes. The same on every head, so that
/// whichever holds the service address answers alike.
package enum Netboot: Wing {
  package static let name = "netboot"
  package static let kinds: [AnyKind] = []
  package static let probes: [any Probe.Type] = []
  package static let operations: [any HostOperation.Type] = []

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard let network = cluster.bootNetwork else { return [] }
    var machines: BootMachines?
    return cluster.heads.flatMap { head -> [Resource] in
      guard let nic = head.nic(on: network.name), let server = published.serviceAddress ?? Optional(nic.address)
      else { return [] }
      // The same on every head that tells nodes to come to one address.
      let known = machines?.server == server ? machines : nil
      let served = known ?? BootMachines(cluster, network, server, published)
      machines = served
      return BootSite(cluster: cluster, network: network, head: head, nic: nic, machines: served).resources
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
    guard let network = cluster.bootNetwork else { return [] }
    return Network.Service.allCases.filter(network.serves.contains).map { service in
      switch service {
      // Who asks for an address has none.
      case .dhcp: FirewallNeed("dhcp", [.udp(67)], from: .cards(network: network.name))
      case .dns: FirewallNeed("dns", [.tcp(53), .udp(53)], from: .network(network.name))
      case .boot: FirewallNeed("boot", [.tcp(80), .udp(69)], from: .network(network.name))
      }
    }
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

  /// Where nodes find the heads: the service address when there is one, else the only head's own.
  package static func serviceAddress(_ cluster: Cluster) -> IPv4Address? {
    cluster.serviceAddress
  }
}

/// The boot services of one head.
struct BootSite {
  let cluster: Cluster
  let network: Network
  let head: Head
  let nic: NIC
  let machines: BootMachines

  private var server: IPv4Address { machines.server }

  private static let dnsmasqFile = "/etc/dnsmasq.d/cluster.conf"
  private static let logNote = "/var/log/cluster/README"
  private static let kernelFile = "/etc/sysctl.d/90-cluster-boot.conf"

  private var scale: BootScale { BootScale(cluster, network) }

  var resources: [Resource] {
    let packages = Resource.packages(
      on: head.name, "boot", ["dnsmasq", "ipxe", "nginx-light"], because: "network \(network.name) boots nodes",
      source: network.source,
      after: WellKnown.repositories(on: head.name) + [WellKnown.basePackages(on: head.name)])
    let rotation = BootLogRotation(head: head.name, source: network.source).resources(after: installed)
    return [packages] + configuration + rotation + trees + units
  }

  private var installed: [ResourceID] { [WellKnown.bootPackages(on: head.name)] }

  private var configuration: [Resource] {
    [
      .file(
        on: head.name, Self.dnsmasqFile,
        DnsmasqConfiguration(cluster: cluster, network: network, nic: nic, server: server, scale: scale).text,
        because: "DHCP, TFTP and DNS for network \(network.name)", source: network.source, after: installed),
      .file(
        on: head.name, Netboot.nginxFile,
        NginxConfiguration(
          network: network, server: server, scale: scale,
          clones: cluster.heads.filter { $0.cloneOf != nil }.compactMap { $0.nic(on: network.name)?.address }
        ).text, takesOver: "what nginx serves on this head now ends",
        because: "boot scripts and images over HTTP", source: network.source, after: installed),
      .file(
        on: head.name, Self.logNote, "boot.log: one JSON object for each boot request and each report of a node.\n",
        because: "nginx writes its log of boots there", source: network.source),
      .file(
        on: head.name, Self.kernelFile, scale.kernel, because: "it speaks to \(scale.machines) machines on one network",
        source: network.source),
    ]
  }

  private var trees: [Resource] {
    [
      .tree(
        on: head.name, WellKnown.bootScripts, BootScript.common(server: server),
        because: "the first script of every machine",
        source: network.source),
      .tree(
        on: head.name, WellKnown.machineScripts, machines.scripts, because: "each machine's own boot script",
        source: cluster.nodes.first?.source ?? network.source,
        // A node that restarts meanwhile boots what it booted before, not what is not there yet.
        after: cluster.images.map { ImageKind.id($0.name) }),
      .tree(
        on: head.name, WellKnown.dhcpHosts, ["machines": machines.reservations], because: "addresses by MAC",
        source: cluster.nodes.first?.source ?? network.source, after: installed),
      .tree(
        on: head.name, WellKnown.dnsHosts, ["machines": machines.names], because: "names of heads and nodes",
        source: cluster.nodes.first?.source ?? network.source, after: installed),
    ]
  }

  /// With high availability these units are Pacemaker's: they are configured and reloaded here, and started there.
  /// Without it the primary alone serves: two heads that hand out the same addresses would not know of each other.
  private var units: [Resource] {
    let serves = head.name == cluster.primary?.name
    let own: Bool? = cluster.ha == nil ? serves : nil
    let enabled = cluster.ha == nil && serves
    let dnsmasq = UnitGoal(
      name: Netboot.dnsmasq, enabled: enabled, active: own,
      configuration: [Self.dnsmasqFile, WellKnown.dhcpHosts, WellKnown.dnsHosts], reload: .restart)
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
          reloadsFor: [TreeKind.id(on: head.name, WellKnown.dnsHosts)]),
        because: "DHCP, TFTP and DNS", source: network.source, after: installed + log, afterRemoval: released),
      .unit(
        on: head.name, .init(nginx, watches: [FileKind.id(on: head.name, Netboot.nginxFile)]),
        because: "boot scripts and images over HTTP", source: network.source, after: installed + log,
        afterRemoval: released),
    ]
  }
}
