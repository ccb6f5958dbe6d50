// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings

extension FakeWorld {
  /// The site before anything was done: a head that is no clone is a plain Debian with SSH and a way to its mirror,
  /// clones have empty disks, and all else is switched off.
  package init(_ cluster: Cluster) {
    self.init()
    for head in cluster.heads {
      unpack(head, cluster)
    }
    for node in cluster.nodes { add(node) }
    installOwnUnits(of: cluster)
  }

  /// Machines that a newer spec names, as they come out of their boxes.
  package mutating func unpack(_ cluster: Cluster) {
    for node in cluster.nodes where nodes[node.name] == nil { add(node) }
    for head in cluster.heads { move(head) }
    for head in cluster.heads where machines[head.name] == nil { unpack(head, cluster) }
  }

  /// Units of the site's own are on all heads: whoever names one has installed it.
  package mutating func installOwnUnits(of cluster: Cluster) {
    ownUnits.formUnion(cluster.ha?.services.compactMap(\.own?.unit) ?? [])
    for unit in ownUnits.sorted() {
      for host in machines.keys where !uninstalled.contains(host) && machines[host]?.known(unit) == nil {
        machines[host]?.units[unit] = FakeMachine.Unit(enabled: false)
      }
    }
    for set in cluster.sets { offerUnits(of: set.heads, set.services.map(\.unit)) }
  }

  /// The units of a package set come with the first of its packages, but for those whose files it brings itself.
  private mutating func offerUnits(of side: PackageSet.Side, _ services: [String]) {
    guard let package = side.packages.first else { return }
    let brought = Set(side.files.map(\.path))
    for host in machines.keys {
      let units = (side.units + services).filter {
        machines[host]?.known($0) == nil && !brought.contains("/etc/systemd/system/\($0)")
      }
      guard var offer = machines[host]?.offer(package), !Set(units).isSubset(of: offer.units) else { continue }
      offer.units = Set(offer.units).union(units).sorted()
      machines[host]?.offers[package] = offer
    }
  }

  /// Heads that the spec has dropped are switched off: whoever drops one has to see to that.
  package mutating func switchOffHeads(notIn cluster: Cluster) {
    for id in machines.keys.sorted() where !cluster.heads.contains(where: { $0.name == id }) { losePower(id) }
  }

  private mutating func unpack(_ head: Head, _ cluster: Cluster) {
    guard head.cloneOf == nil else {
      add(head, hostname: "", cluster)
      uninstalled.insert(head.name)
      return
    }
    add(head, hostname: "debian", cluster)
    if let bmc = head.bmc { boards[bmc.key]?.power = .on }
  }

  /// Somebody puts Debian onto a head once more, by hand: it is at its addresses, and all that was on its disk is gone.
  package mutating func reinstall(_ head: Head, _ cluster: Cluster) {
    guard let old = machines[head.name] else { return }
    let board = old.board.flatMap { boards[$0] }
    var byHand = head
    byHand.cloneOf = nil
    add(byHand, hostname: head.name.name, cluster)
    if let address = old.board, let board { boards[address] = board }
    machines[head.name]?.board = old.board
    machines[head.name]?.boots = old.boots + 1
    machines[head.name]?.faults.isStrange = true
    configured.remove(head.name)
    installOwnUnits(of: cluster)
    settle()
  }

  /// Whoever changes a BMC's address in the spec has changed it at the machine.
  private mutating func move(_ head: Head) {
    guard let address = head.bmc?.key, boards[address] == nil,
      let old = boards.first(where: { $0.value.machine == head.name })
    else { return }
    boards[address] = old.value
    boards[old.key] = nil
    machines[head.name]?.board = address
  }

  /// Every BMC has the password that `FakeSecrets` holds for it.
  package static func password(_ secret: SecretRef) -> [UInt8] { Array("password of \(secret.name)".utf8) }

  private mutating func add(_ node: ComputeNode) {
    nodes[node.name] = Node(mac: node.nics.compactMap(\.mac).first)
    add(node.bmc, of: node.name)
  }

  private mutating func add(_ head: Head, hostname: String, _ cluster: Cluster) {
    // Cards alone: VLANs and bonds are made of them.
    let described = Set(head.nics.map(\.name))
    let parts = Set(head.nics.flatMap { $0.made?.parts ?? [] }).subtracting(described).sorted()
    let bare = parts.map {
      LinkState(name: $0, mac: nil, up: true, addresses: [], gateways: [], mtu: 1500, routes: [])
    }
    let links = head.nics.filter { $0.made == nil }.map { nic -> LinkState in
      let network = cluster.network(nic.network)
      // The way in, that whoever set the machine up has left.
      let reachable = head.cloneOf == nil && network?.gateway != nil
      return LinkState(
        name: nic.name, mac: nic.mac, up: true,
        addresses: reachable ? ["\(nic.address)/\(network?.cidr.prefix ?? 24)"] : [],
        gateways: reachable ? [network?.gateway].compactMap { $0 } : [], mtu: 1500, routes: [])
    }
    var machine = FakeMachine(hostname: hostname, links: links + bare)
    machine.files["/etc/hosts"] = .init(bytes: Array("127.0.0.1 localhost\n".utf8))
    machine.files["/etc/hostname"] = .init(bytes: Array("\(hostname)\n".utf8))
    // Where no unit of ours mounts it, the site does.
    if let state = cluster.ha?.state, state.isOfTheSite {
      machine.shares[state.path] = StateFolder(isMounted: true, marker: nil, isEmpty: true)
    }
    machines[head.name] = machine
    add(head.bmc, of: head.name)
  }

  private mutating func add(_ bmc: BMC?, of machine: HostID) {
    guard let bmc else { return }
    boards[bmc.key] = Board(password: Self.password(bmc.password), machine: machine)
    machines[machine]?.board = bmc.key
  }
}
