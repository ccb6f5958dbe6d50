// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension LabSite {
  package enum Scope: String, CaseIterable, Sendable { case all, heads }

  /// The lab that stands in for a cluster. Pure: the same cluster and id give the same lab.
  package init(
    cluster: Cluster, id: String, spec: String, program: String, scope: Scope = .all,
    virtual: Set<HostID> = [],
    stateRoot: String = LabSite.stateRoot, cacheRoot: String = LabSite.cacheRoot
  ) {
    let nodes = scope == .all ? cluster.nodes : []
    var machines: [LabMachine] = []
    for head in cluster.heads {
      machines.append(
        LabMachine(
          name: head.name, role: .head, disk: head.cloneOf == nil ? .debian : .empty,
          hardware: virtual.contains(head.name) ? .vm : .container, firmware: head.firmware,
          ports: Self.ports(head.nics, of: head.name, in: cluster),
          stateDisk: virtual.contains(head.name) ? Self.stateDisk(head, in: cluster) : nil, bmc: head.bmc,
          outlet: Self.outlet(head)))
    }
    for node in nodes {
      machines.append(
        LabMachine(
          name: node.name, role: .node,
          disk: virtual.contains(node.name) && (!node.disks.isEmpty || node.root != nil) ? .empty : .none,
          hardware: virtual.contains(node.name) ? .vm : .container,
          ports: Self.ports(node.nics, of: node.name, in: cluster), bmc: node.bmc))
    }
    let used = Self.usedAddresses(cluster)
    let networks = cluster.networks.map { network in
      LabNetwork(
        name: network.name, bridge: Self.interface("br-\(network.name)"), mac: Self.mac("\(id)/bridge/\(network.name)"),
        addresses: Self.labAddresses(on: network, machines: machines, used: used))
    }
    self.init(
      id: id, cluster: cluster.name, spec: spec, stateDirectory: "\(stateRoot)/\(id)", cacheDirectory: cacheRoot,
      program: program, mirror: cluster.repositories.mirror ?? "http://deb.debian.org/debian",
      shared: cluster.ha?.state.flatMap { $0.isOfTheSite ? [$0.path] : nil } ?? [],
      resolvers: cluster.networks.flatMap(\.dns), user: cluster.access.user, networks: networks, machines: machines)
    standIn = cluster.ha?.state.flatMap { $0.replica?.backend == .standIn ? $0.path : nil }
  }

  private static func stateDisk(_ head: Head, in cluster: Cluster) -> String? {
    cluster.ha?.state?.replica?.disks[head.name].flatMap { LabMachine.serial(ofDisk: $0) }
  }

  /// A stable, locally administered address for a card that the spec gives none.
  static func mac(_ seed: String) -> MACAddress {
    let digits = String(SHA256.hex(seed).prefix(10))
    return MACAddress(bits: 0x02_00_00_00_00_00 | (UInt64(digits, radix: 16) ?? 0))
  }

  /// A name of at most 15 characters (IFNAMSIZ) that does not change when machines or networks are added beside it.
  static func interface(_ name: String) -> String {
    name.utf8.count <= 15 ? name : "x\(SHA256.hex(name).prefix(14))"
  }

  private static func ports(_ nics: [NIC], of name: HostID, in cluster: Cluster) -> [LabMachine.Port] {
    nics.map { nic in
      LabMachine.Port(
        nic: nic.name, mac: nic.mac ?? mac("\(cluster.name)/\(name)/\(nic.name)"), network: nic.network,
        peer: interface("\(name)-\(nic.name)"),
        address: "\(nic.address)/\(cluster.network(nic.network)?.cidr.prefix ?? 32)")
    }
  }

  /// Power strips have many languages. The lab's speak IPMI, as far as an outlet can.
  private static func outlet(_ head: Head) -> BMC? {
    head.fencing.lazy.compactMap(\.agent).compactMap { agent -> BMC? in
      guard agent.name == "fence_ipmilan", let address = agent.parameters["ip"].flatMap({ IPv4Address($0) }),
        let user = agent.parameters["username"], let password = agent.secrets["password"]
      else { return nil }
      return BMC(
        address: address, protocol: .ipmi, user: user, password: password,
        port: agent.parameters["ipport"].flatMap { Int($0) })
    }.first
  }

  private static func usedAddresses(_ cluster: Cluster) -> Set<IPv4Address> {
    var used = Set(cluster.heads.flatMap { $0.nics.map(\.address) })
    used.formUnion(cluster.nodes.flatMap { $0.nics.map(\.address) })
    used.formUnion(cluster.ha?.allAddresses.map(\.address) ?? [])
    for case .v4(let address) in cluster.networks.flatMap(\.dns) { used.insert(address) }
    return used
  }

  /// The lab is a network's gateway where there is one, and where the BMCs are, it is those. On every other network it
  /// is one more machine, for the administrator's SSH and for probing from outside.
  private static func labAddresses(
    on network: Network, machines: [LabMachine], used: Set<IPv4Address>
  ) -> [String] {
    var addresses = network.gateway.map { [$0] } ?? []
    addresses += machines.flatMap { [$0.bmc, $0.outlet].compactMap { $0?.address } }.filter(network.cidr.contains)
    if addresses.isEmpty {
      let dynamic = network.dynamic.map { $0.first.bits...max($0.first.bits, $0.last.bits) }
      let hosts = network.cidr.address.bits + 1..<max(network.cidr.broadcast.bits, network.cidr.address.bits + 1)
      let free = hosts.reversed().first { bits in
        !used.contains(IPv4Address(bits: bits)) && dynamic?.contains(bits) != true
      }
      addresses = free.map { [IPv4Address(bits: $0)] } ?? []
    }
    return addresses.map { "\($0)/\(network.cidr.prefix)" } + ipv6Addresses(on: network)
  }

  /// The lab is the router of IPv6 too, and one more machine of the network. It advertises nothing.
  private static func ipv6Addresses(on network: Network) -> [String] {
    guard let ipv6 = network.ipv6 else { return [] }
    let room = ipv6.cidr.prefix > 64 ? ~UInt64(0) >> UInt64(ipv6.cidr.prefix - 64) : .max
    let last = IPv6Address(high: ipv6.cidr.address.high, low: ipv6.cidr.address.low | (room - 1))
    guard case .address(let router)? = ipv6.gateway else { return ["\(last)/\(ipv6.cidr.prefix)"] }
    if router.isLinkLocal { return ["\(router)/64", "\(last)/\(ipv6.cidr.prefix)"] }
    return ["\(router)/\(ipv6.cidr.prefix)"]
  }

  /// BMCs of a lab speak IPMI or Redfish, each for one machine.
  static func checkSwitches(of cluster: Cluster) throws(AgentError) {
    let bmcs = cluster.heads.map { ($0.name, $0.bmc) } + cluster.nodes.map { ($0.name, $0.bmc) }
    for case (let name, let bmc?) in bmcs where !RedfishEmulator.isSpoken(by: bmc) {
      guard let missing = bmc.agent?.name ?? bmc.target.map({ _ in "controller behind a controller" }) else { continue }
      throw AgentError(
        .invalid, "The lab has no \(missing) for \(name)",
        cause: "its machines are switched by BMCs that speak ipmi or redfish",
        next: "Try the description with `cluster apply --simulate`, or describe a BMC in its place for the lab.")
    }
    if bmcs.contains(where: { $0.1.map(RedfishEmulator.isSpoken) ?? false }) { try RedfishEmulator.check() }
  }

  /// Machines of a lab have cards alone, and its switches relay nothing.
  static func checkCards(of cluster: Cluster) throws(AgentError) {
    let machines = cluster.heads.map { ($0.name, $0.nics) } + cluster.nodes.map { ($0.name, $0.nics) }
    for (name, nics) in machines {
      guard let nic = nics.first(where: { $0.made != nil }) else { continue }
      throw AgentError(
        .invalid, "The lab cannot make \(nic.name) of \(name)",
        cause: "it is a VLAN or a bond, and containers have cards that the lab gives them",
        next: "Try the description with `cluster apply --simulate`, or describe a card in its place for the lab.")
    }
    guard let relayed = cluster.networks.first(where: { $0.relay != nil }) else { return }
    throw AgentError(
      .invalid, "The lab has no router that relays DHCP of \(relayed.name)",
      cause: "its networks are switches, and the heads have no card on this one",
      next: "Try the description with `cluster apply --simulate`, or give the heads a card there for the lab.")
  }
}
