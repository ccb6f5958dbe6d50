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
        suite: ImageRecipes.suite(of: Cluster.releaseOfHeads), mirror: repositories.mirror,
        security: repositories.security)
      resources.append(
        .file(
          on: head.name, WellKnown.packageSources(on: head.name).name,
          lines.map { "\($0)\n" }.joined(), because: "packages come from the mirror",
          source: repositories.source ?? cluster.source))
    }
    return resources + extraRepositories(cluster, head)
  }

  /// apt believes no HTTPS server without certificates, so those come first, from the distribution.
  private static func extraRepositories(_ cluster: Cluster, _ head: Head) -> [Resource] {
    let sources = cluster.repositories.ofHeads
    guard !sources.isEmpty else { return [] }
    let because = "repositories beside the distribution's"
    let source = cluster.repositories.extra.first?.source ?? cluster.source
    let own = [WellKnown.packageProxy(on: head.name), WellKnown.packageSources(on: head.name)]
    var resources: [Resource] = []
    if sources.contains(where: \.needsCertificates) {
      resources.append(
        .packages(on: head.name, "certificates", ["ca-certificates"], because: because, source: source, after: own))
    }
    return resources + [
      .file(
        on: head.name, WellKnown.extraSources(on: head.name).name, PackageSource.file(sources), because: because,
        source: source, after: own + resources.map(\.id))
    ]
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
    let files = CardFiles(head, in: cluster)
    let way = cluster.gateway(of: head.nics, isHead: true)
    let way6 = cluster.gateway6(of: head.nics)
    let handedOver = [IfupdownKind.id(on: head.name), NetworkManagerKind.id(on: head.name)]
    let made = head.nics.compactMap { nic in
      files.netdev(nic).map { text in
        Resource.file(
          on: head.name, LinkKind.devicePath(nic.name), text, because: "\(nic.name) is made of others",
          source: nic.source)
      }
    }
    let bare = files.bare.map { card in
      Resource.file(
        on: head.name, LinkKind.path(card.name), CardFiles.network(card),
        because: "\(card.bond ?? card.vlans.joined(separator: ", ")) is made of it", source: head.source,
        after: handedOver + made.map(\.id))
    }
    let links: [Resource] = head.nics.compactMap { nic in
      guard let network = cluster.network(nic.network) else { return nil }
      var goal = LinkGoal(
        interface: nic.name, address: nic.address, prefix: network.cidr.prefix,
        gateway: way?.nic == nic ? way?.router : nil)
      if let address = nic.ipv6, let ipv6 = network.ipv6 {
        let router = ipv6.gateway == .advertised || way6?.nic == nic ? ipv6.gateway : nil
        goal.ipv6 = LinkGoal.IPv6(address: address, prefix: ipv6.cidr.prefix, gateway: router)
      }
      goal.mtu = files.mtu(nic)
      let (routes, vlans) = (files.routes(nic), files.vlans(over: nic.name))
      goal.routes = routes.isEmpty ? nil : routes
      goal.vlans = vlans.isEmpty ? nil : vlans
      goal.made = nic.made
      goal.table = files.table(nic)
      // What carries a VLAN has to be there, and knows it only if its file says so when it is read.
      let parts = nic.made?.isVLAN == true ? nic.made?.parts ?? [] : []
      let carrier = head.nics.first { parts.contains($0.name) }
      return .link(
        on: head.name, goal, mac: nic.mac,
        carrierIsMade: carrier?.made == nil ? nil : true, because: "\(nic.name) is on network \(network.name)",
        source: nic.source,
        after: [networkd] + handedOver + (made + bare).map(\.id)
          + (carrier.map { [LinkKind.id(on: head.name, $0.name)] } ?? []))
    }
    let interfaces = head.nics.map(\.name) + files.bare.map(\.name)
    let unit = UnitKind.Desired(UnitGoal(name: networkd.name, enabled: true, active: true))
    return [.unit(on: head.name, unit, because: "it brings the links up", source: head.source)]
      + [
        .ifupdown(on: head.name, without: interfaces, source: head.source),
        .networkManager(on: head.name, without: interfaces, source: head.source),
        .addressOwners(of: cluster, on: head),
      ] + made + bare + links
  }

  /// curl, arping, git and what speaks to BMCs serve the agent; the others are what an administrator reaches for first.
  private static func packages(_ cluster: Cluster, _ head: Head) -> [Resource] {
    let after = WellKnown.repositories(on: head.name) + head.nics.map { LinkKind.id(on: head.name, $0.name) }
    return [
      .packages(
        on: head.name, "base",
        ["ca-certificates", "curl", "git", "iputils-arping", "iputils-ping", "openssl"]
          + PowerProtocols.packages(cluster),
        because: "every head has them", source: head.source, after: after)
    ]
  }

  /// See hosts(5). Each head is known by its address on the network that boots nodes, or else on its first one; its
  /// other cards by names of their own.
  private static func hosts(_ cluster: Cluster, _ head: Head) -> String {
    var lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]
    for card in MachineNames.of(cluster.heads, in: cluster) {
      lines += card.nic.addresses.map { "\($0) \(card.name).\(cluster.domain) \(card.name)" }
    }
    lines += Names.publicServices(cluster)
    if let address = Netboot.serviceAddress(cluster) {
      lines.append("\(address) \(cluster.name).\(cluster.domain) \(cluster.name)")
    }
    lines += Names.extra(cluster).map { host in
      let names = host.names.flatMap { $0.contains(".") ? [$0] : ["\($0).\(cluster.domain)", $0] }
      return "\(host.address) \(names.joined(separator: " "))"
    }
    return HostsFile.part(lines)
  }

  /// See resolv.conf(5). The cluster's own names come from the service address; when nobody holds it, the next is asked
  /// after a second.
  private static func resolver(_ cluster: Cluster) -> String {
    var servers: [IPAddress] = []
    let isServed = ServedNetwork.all(in: cluster).contains { $0.serves(.dns) }
    if isServed, let own = Netboot.serviceAddress(cluster) {
      servers.append(.v4(own))
    }
    servers += cluster.resolvers
    let domains = [cluster.domain] + Names.search(cluster)
    var lines = ["# Written by cluster; changes made here are undone.", "search \(domains.joined(separator: " "))"]
    // The C library asks at most three (resolv.conf(5), MAXNS).
    lines += servers.prefix(3).map { "nameserver \($0)" }
    return (lines + ["options timeout:1 attempts:2"]).joined(separator: "\n") + "\n"
  }
}

extension Heads {
  /// Others who write `/etc/resolv.conf` too.
  package static func notes(_ cluster: Cluster, _ inventory: Inventory) -> [String] {
    let answers = Answers(inventory, uninstalled: [])
    return cluster.heads.flatMap { head -> [String] in
      guard let state = (try? answers.answer(head.name, FileProbe(resolverFile))) ?? nil else { return [] }
      return (lost(state, of: head, cluster).map { [$0] } ?? []) + (other(state, of: head).map { [$0] } ?? [])
    }
  }

  private static func other(_ state: FileState, of head: Head) -> String? {
    writer(state).map { other in
      "\(other) writes \(resolverFile) on \(head.name) too. It becomes a file of ours; "
        + "\(other) may write it again until it is told not to."
    }
  }

  /// Resolvers that a head asks today, and which nothing takes the place of.
  private static func lost(_ state: FileState, of head: Head, _ cluster: Cluster) -> String? {
    guard cluster.resolvers.isEmpty, case .file(let facts) = state, !facts.managed else { return nil }
    let lines = (facts.contents ?? "").split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace) }
    let asked = lines.filter { $0.count > 1 && $0[0] == "nameserver" }.map { String($0[1]) }
    guard let first = asked.first else { return nil }
    return
      "\(resolverFile) on \(head.name) names \(asked.joined(separator: ", ")), and no network has `dns:`: heads and "
      + "nodes will find no name outside the cluster, those of package mirrors neither. Write `dns: [\(first)]` in a "
      + "network."
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
    let active = (addresses.first { $0.network == cluster.bootNetwork?.name } ?? addresses.first)?.holder
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
