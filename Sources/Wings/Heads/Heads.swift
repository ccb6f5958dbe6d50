// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The state of every head before it serves anything: its name, links, names of the others, where packages come from.
package enum Heads: Wing {
  package static let name = "heads"
  package static let kinds: [AnyKind] = [AnyKind(HostnameKind.self)]
  package static let probes: [any Probe.Type] = [SystemProbe.self]
  package static let operations: [any HostOperation.Type] = [EnsureHostname.self]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    cluster.heads.flatMap { head in
      repositories(cluster, head) + identity(cluster, head) + links(cluster, head) + packages(cluster, head)
    }
  }

  /// SSH from everywhere: no firewall of ours shuts an administrator out, wherever he comes from.
  package static func firewallNeeds(_ cluster: Cluster) -> [FirewallNeed] {
    [FirewallNeed("ssh", [.tcp(22)], from: .anywhere)]
  }

  private static let resolverFile = "/etc/resolv.conf"

  private static func repositories(_ cluster: Cluster, _ head: Head) -> [Resource] {
    let repositories = cluster.repositories
    var resources: [Resource] = []
    if let proxy = repositories.proxy {
      resources.append(
        .file(
          on: head.name, WellKnown.packageProxy(on: head.name).name, "Acquire::http::Proxy \"\(proxy)\";\n",
          because: "packages come through the proxy", source: repositories.source ?? cluster.source))
    }
    if repositories.mirror != nil || repositories.security != nil {
      let lines = Repositories.sources(
        suite: "bookworm", mirror: repositories.mirror, security: repositories.security)
      resources.append(
        .file(
          on: head.name, WellKnown.packageSources(on: head.name).name,
          lines.map { "\($0)\n" }.joined(), because: "packages come from the mirror",
          source: repositories.source ?? cluster.source))
    }
    return resources
  }

  private static func identity(_ cluster: Cluster, _ head: Head) -> [Resource] {
    [
      .hostname(on: head.name, because: "heads know each other by name", source: head.source),
      .file(
        on: head.name, "/etc/hosts", hosts(cluster, head), sharing: .hosts,
        because: "heads know each other without DNS",
        source: head.source),
      .file(
        on: head.name, resolverFile, resolver(cluster), because: "names outside the cluster",
        source: cluster.networks.first { !$0.dns.isEmpty }?.source ?? cluster.source),
    ]
  }

  private static func links(_ cluster: Cluster, _ head: Head) -> [Resource] {
    let networkd = WellKnown.unit("systemd-networkd.service", on: head.name)
    let networks = head.nics.compactMap { cluster.network($0.network) }
    // A second default route would win or lose by chance. That of the boot network is then for nodes alone.
    let routed = networks.count { $0.gateway != nil }
    let links: [Resource] = head.nics.compactMap { nic in
      guard let network = cluster.network(nic.network) else { return nil }
      let isForNodes = routed > 1 && network.serves.contains(.boot)
      let goal = LinkGoal(
        interface: nic.name, address: nic.address, prefix: network.cidr.prefix,
        gateway: isForNodes ? nil : network.gateway,
        // Of IPv6 the description says nothing, so what a card has by it stays. But nobody else routes where we serve.
        ignoresRouters: network.serves.isEmpty ? nil : true)
      return .link(
        on: head.name, goal, mac: nic.mac, because: "\(nic.name) is on network \(network.name)", source: nic.source,
        after: [networkd, IfupdownKind.id(on: head.name), NetworkManagerKind.id(on: head.name)])
    }
    let unit = UnitKind.Desired(UnitGoal(name: networkd.name, enabled: true, active: true))
    return [.unit(on: head.name, unit, because: "it brings the links up", source: head.source)]
      + [
        .ifupdown(on: head.name, without: head.nics.map(\.name), source: head.source),
        .networkManager(on: head.name, without: head.nics.map(\.name), source: head.source),
        .addressOwners(of: cluster, on: head),
      ] + links
  }

  /// curl, arping, git and what speaks to BMCs serve the agent; the others are what an administrator reaches for first.
  private static func packages(_ cluster: Cluster, _ head: Head) -> [Resource] {
    let after = WellKnown.repositories(on: head.name) + head.nics.map { LinkKind.id(on: head.name, $0.name) }
    return [
      .packages(
        on: head.name, "base",
        ["ca-certificates", "curl", "git", "iputils-arping", "iputils-ping", "openssl"]
          + PowerProtocols.spoken(in: cluster).flatMap { $0.packages },
        because: "every head has them", source: head.source, after: after)
    ]
  }

  /// See hosts(5). Each head is known by its address on the network that boots nodes, or else on its first one.
  private static func hosts(_ cluster: Cluster, _ head: Head) -> String {
    var lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]
    for other in cluster.heads {
      guard let nic = cluster.bootNetwork.flatMap({ other.nic(on: $0.name) }) ?? other.nics.first else { continue }
      lines.append("\(nic.address) \(other.name).\(cluster.domain) \(other.name)")
    }
    if let address = Netboot.serviceAddress(cluster) {
      lines.append("\(address) \(cluster.name).\(cluster.domain) \(cluster.name)")
    }
    return HostsFile.part(lines)
  }

  /// See resolv.conf(5). The cluster's own names come from the service address; when nobody holds it, the next is asked
  /// after a second.
  private static func resolver(_ cluster: Cluster) -> String {
    var servers: [IPv4Address] = []
    if cluster.bootNetwork?.serves.contains(.dns) == true, let own = Netboot.serviceAddress(cluster) {
      servers.append(own)
    }
    servers += cluster.networks.flatMap(\.dns)
    var lines = ["# Written by cluster; changes made here are undone.", "search \(cluster.domain)"]
    // The C library asks at most three (resolv.conf(5), MAXNS).
    lines += servers.prefix(3).map { "nameserver \($0)" }
    return (lines + ["options timeout:1 attempts:2"]).joined(separator: "\n") + "\n"
  }
}

extension Heads {
  /// Others who write `/etc/resolv.conf` too.
  package static func notes(_ cluster: Cluster, _ inventory: Inventory) -> [String] {
    let answers = Answers(inventory, uninstalled: [])
    return cluster.heads.compactMap { head in
      guard let state = (try? answers.answer(head.name, FileProbe(resolverFile))) ?? nil, let other = writer(state)
      else { return nil }
      return "\(other) writes \(resolverFile) on \(head.name) too. It becomes a file of ours; "
        + "\(other) may write it again until it is told not to."
    }
  }

  /// The writer, by where the link leads or by what each writes first: resolvconf(8), NetworkManager.conf(5),
  /// systemd-resolved.service(8), dhclient-script(8).
  private static func writer(_ state: FileState) -> String? {
    let signs = [
      ("resolvconf/", "resolvconf"), ("NetworkManager/", "NetworkManager"), ("systemd/resolve/", "systemd-resolved"),
      ("by resolvconf", "resolvconf"), ("by NetworkManager", "NetworkManager"), ("by dhclient", "dhclient"),
      ("by systemd-resolved", "systemd-resolved"), ("by dhcpcd", "dhcpcd"),
    ]
    let text: String
    switch state {
    case .link(let target): text = target
    case .file(let facts): text = (facts.contents ?? "").split(separator: "\n").prefix(3).joined(separator: "\n")
    case .absent, .other: return nil
    }
    return signs.first { text.contains($0.0) }?.1
  }
}

extension Heads: StatusSection {
  package static func statusQuestions(_ cluster: Cluster) -> [Question] {
    cluster.heads.flatMap { head in
      [Question(head.name, SystemProbe())]
        + cluster.heads.filter { $0.cloneOf == head.name && $0.name != head.name }
        .map { Question(head.name, CloneProbe($0.name)) }
    }
  }

  package static func tell(_ report: inout StatusReport, _ cluster: Cluster, _ inventory: Inventory) {
    let addresses = HighAvailabilityStatus.read(cluster, inventory)?.addresses ?? []
    let active = cluster.bootNetwork.flatMap { network in addresses.first { $0.network == network.name }?.holder }
    report.heads = cluster.heads.map { head($0, cluster, inventory, active: active) }
  }

  private static func head(_ head: Head, _ cluster: Cluster, _ inventory: Inventory, active: HostID?)
    -> StatusReport.Head
  {
    guard inventory.isReachable(head.name) else {
      var reason: String?
      if case .unreachable(let error) = inventory.hosts[head.name] { reason = "\(error); \(error.next)" }
      return .init(name: head.name.name, online: false, role: .offline, image: nil, detail: reason)
    }
    let role: StatusReport.Head.Role =
      cluster.heads.count == 1 ? .single : active == head.name ? .active : .standby
    return .init(name: head.name.name, online: true, role: role, image: origin(head, inventory), detail: nil)
  }

  /// The capture that a clone was installed from is known to the head that installed it.
  private static func origin(_ head: Head, _ inventory: Inventory) -> String? {
    let answers = Answers(inventory, uninstalled: [])
    for other in inventory.hosts.keys {
      if let record = (try? answers.answer(other, CloneProbe(head.name))) ?? nil, let parent = head.cloneOf,
        let capture = record.capture
      {
        return "clone of \(parent) (\(capture.prefix(12)))"
      }
    }
    return (try? answers.answer(head.name, SystemProbe()))?.operatingSystem
  }
}
