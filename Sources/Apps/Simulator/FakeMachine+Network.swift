// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings

extension FakeMachine {
  /// One more card, with the addresses that it has after every boot.
  package mutating func plugIn(_ card: LinkState) {
    links.append(card)
    installedAddresses[card.name] = card.addresses
  }

  mutating func ensureHostname(_ name: String) -> Outcome {
    if hostname == name { return Outcome(changed: false, detail: "as desired already") }
    hostname = name
    return Outcome(changed: true, detail: "the host is \(name)")
  }

  mutating func ensureLink(_ goal: LinkGoal) throws(AgentError) -> Outcome {
    try make(goal)
    let index = try link(goal.interface)
    let address = "\(goal.address)/\(goal.prefix)"
    let former = Set(goal.formerRoutes ?? [])
    let isSettled =
      (goal.gateway.map(links[index].gateways.contains) ?? true) && (goal.mtu ?? links[index].mtu) == links[index].mtu
      && (goal.routes ?? []).allSatisfy { links[index].routes?.contains($0) == true }
      && (goal.ipv6?.router.map { links[index].gateways6?.contains($0) == true } ?? true)
      && (goal.ipv6.map { links[index].ipv6?.contains($0.text) == true } ?? true)
    let left = Set((goal.former ?? []).map(\.text)).intersection(links[index].held)
    links[index].addresses.removeAll(where: left.contains)
    links[index].setIPv6((links[index].ipv6 ?? []).filter { !left.contains($0) })
    let routers = Set(goal.formerGateways6 ?? []).intersection(links[index].gateways6 ?? [])
    links[index].setGateways6((links[index].gateways6 ?? []).filter { !routers.contains($0) })
    let hadFormer = !routers.isEmpty || links[index].routes?.contains(where: former.contains) == true
    links[index].routes?.removeAll(where: former.contains)
    if links[index].addresses.contains(address), isSettled {
      return left.isEmpty && !hadFormer
        ? Outcome(changed: false, detail: "as desired already")
        : Outcome(changed: true, detail: "\(goal.interface) keeps its new address only")
    }
    links[index].up = true
    // networkd takes the address away that its file said before; those that others added come behind it, and stay.
    let before = ownAddresses[goal.interface]
    links[index].addresses = [address] + links[index].addresses.filter { $0 != address && $0 != before }
    ownAddresses[goal.interface] = address
    if let gateway = goal.gateway { links[index].gateways = [gateway] }
    let before6 = ownIPv6[goal.interface]
    let others = (links[index].ipv6 ?? []).filter { $0 != goal.ipv6?.text && $0 != before6 }
    links[index].setIPv6((goal.ipv6.map { [$0.text] } ?? []) + others)
    ownIPv6[goal.interface] = goal.ipv6?.text
    if let router = goal.ipv6?.router { links[index].gateways6 = [router] }
    if let mtu = goal.mtu { links[index].mtu = mtu }
    if let routes = goal.routes {
      links[index].routes = (links[index].routes ?? []).filter { !routes.contains($0) } + routes
    }
    return Outcome(changed: true, detail: "\(goal.interface) has \(address)")
  }

  /// Makes a VLAN or a bond of what is there, as networkd does.
  private mutating func make(_ goal: LinkGoal) throws(AgentError) {
    guard let made = goal.made else { return }
    let existing = links.firstIndex { $0.name == goal.interface }
    if let existing {
      let isThat = links[existing].made.map { !made.replaces($0) && made.lacking(in: $0).isEmpty } ?? true
      if isThat { return }
    }
    if let existing { links.remove(at: existing) }
    for part in made.parts { _ = try link(part) }
    links.append(
      LinkState(
        name: goal.interface, mac: nil, up: true, addresses: [], gateways: [], mtu: goal.mtu ?? 1500, routes: [],
        made: made))
    links.sort { $0.name < $1.name }
  }

  mutating func ensureAddress(interface: String, address: IPAddress, prefix: Int) throws(AgentError) -> Outcome {
    let index = try link(interface)
    let wanted = "\(address)/\(prefix)"
    if links[index].held.contains(wanted) { return Outcome(changed: false, detail: "as desired already") }
    links[index].add(wanted)
    return Outcome(changed: true, detail: "\(interface) has \(wanted)")
  }

  mutating func dropAddress(_ address: IPAddress) {
    for index in links.indices {
      links[index].addresses.removeAll { $0.hasPrefix("\(address)/") }
      links[index].setIPv6((links[index].ipv6 ?? []).filter { !$0.hasPrefix("\(address)/") })
    }
  }

  /// Takes a card away, or puts another one in its place, which gets the name and no address.
  package mutating func loseCard(_ name: String, another: Bool) {
    guard lostCard == nil, let index = links.firstIndex(where: { $0.name == name }) else { return }
    lostCard = links.remove(at: index)
    guard another, let mac = MACAddress("52:54:00:99:99:01") else { return }
    links.insert(LinkState(name: name, mac: mac, up: true, addresses: [], gateways: []), at: index)
  }

  /// Puts the card back that was there before: networkd configures it by its file.
  package mutating func regainCards() {
    guard var card = lostCard else { return }
    lostCard = nil
    card.setAddresses(configuredAddresses(card))
    let index = links.firstIndex { $0.name == card.name }
    if let index { links[index] = card } else { links.append(card) }
    links.sort { $0.name < $1.name }
  }

  package func holds(_ address: IPv4Address) -> Bool { holds(.v4(address)) }
  package func holds(_ address: IPAddress) -> Bool {
    links.contains { $0.held.contains { $0.hasPrefix("\(address)/") } }
  }

  /// The addresses of its systemd.network(5) file, or else those that the machine was installed with.
  func configuredAddresses(_ link: LinkState) -> [String] {
    guard let lines = networkFile(of: link) else { return installedAddresses[link.name] ?? [] }
    return lines.filter { $0.hasPrefix("Address=") }.map { String($0.dropFirst("Address=".count)) }
  }

  /// The routers of IPv6 of its systemd.network(5) file.
  func configuredGateways6(_ link: LinkState) -> [IPv6Address] {
    (networkFile(of: link) ?? []).filter { $0.hasPrefix("Gateway=") }
      .compactMap { IPv6Address($0.dropFirst("Gateway=".count)) }
  }

  /// The lines of its systemd.network(5) file. Nil: it has none.
  private func networkFile(of link: LinkState) -> [Substring]? {
    for (path, file) in files where path.hasPrefix("/etc/systemd/network/") && path.hasSuffix(".network") {
      let lines = String(decoding: file.bytes, as: UTF8.self).split(separator: "\n")
      if lines.contains("Name=\(link.name)") { return lines }
    }
    return nil
  }

  private func link(_ name: String) throws(AgentError) -> Int {
    if let index = links.firstIndex(where: { $0.name == name }) { return index }
    throw AgentError(.notFound, "There is no interface \(name)", next: "Compare `nics:` in the spec with `ip link`.")
  }
}

extension LinkState {
  /// Sorts addresses by their family.
  mutating func setAddresses(_ all: [String]) {
    addresses = all.filter { !$0.contains(":") }
    setIPv6(all.filter { $0.contains(":") })
  }

  mutating func add(_ address: String) { setAddresses(held + [address]) }

  /// Sets those of IPv6. Where there is none, nil is told, as by the agent.
  mutating func setIPv6(_ addresses: [String]) { ipv6 = addresses.isEmpty ? nil : addresses }
  mutating func setGateways6(_ routers: [IPv6Address]) { gateways6 = routers.isEmpty ? nil : routers }
}

extension LinksProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> [LinkState] { asked.machine.links }
}

extension IfupdownProbe: MemoryProbe {
  /// Patterns in memory are paths, or folders with a star.
  func answer(of asked: AskedMachine) -> [String: String]? {
    let files = asked.machine.files
    guard files[IfupdownKind.path] != nil else { return nil }
    var texts: [String: String] = [:]
    var rest = [IfupdownKind.path]
    while let path = rest.popLast() {
      guard texts[path] == nil, let text = files[path]?.text else { continue }
      texts[path] = text
      let (patterns, folders) = InterfacesFile.sources(text)
      for pattern in patterns {
        rest += pattern.hasSuffix("/*") ? Self.names(in: String(pattern.dropLast(2)), files) { _ in true } : [pattern]
      }
      for folder in folders { rest += Self.names(in: folder, files, InterfacesFile.isRead) }
    }
    return texts
  }

  private static func names(
    in folder: String, _ files: [String: FakeMachine.File], _ isRead: (String) -> Bool
  ) -> [String] {
    files.keys.filter { path in
      guard path.hasPrefix(folder + "/") else { return false }
      let name = String(path.dropFirst(folder.count + 1))
      return !name.contains("/") && !name.hasPrefix(".") && isRead(name)
    }
  }
}

extension SystemProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> SystemState {
    SystemState(
      hostname: asked.machine.hostname, machineID: asked.machine.machineID,
      operatingSystem: "Debian GNU/Linux 12 (bookworm)", bootID: "boot-\(asked.machine.boots)", uptimeSeconds: 60)
  }
}
