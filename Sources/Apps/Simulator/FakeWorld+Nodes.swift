// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// Somebody on the boot network who says something of a node that is not his.
package struct StrayReport: Hashable, Codable, Sendable {
  package enum From: String, Hashable, Codable, CaseIterable, Sendable {
    /// A machine of his own, with an address of its own.
    case another
    /// The node itself, as one of its users: from its address, but from no port of root's.
    case user
    /// The node itself, as root. It is the node, then.
    case root
  }

  package var stage: NodeReport.Stage
  package var from: From

  package init(_ stage: NodeReport.Stage, from: From) {
    self.stage = stage
    self.from = from
  }
}

/// Nodes: they boot from the address that the heads tell them, report there, and are heard where somebody listens.
extension FakeWorld {
  /// Seconds between two reports of a node.
  private static let reportEvery = NodeReport.interval(nodes: 1)

  /// A head writes the time of its own clock beside what it hears.
  private func clock(of host: HostID) -> Int { now + (machines[host]?.clockAhead ?? 0) }

  /// The newest report of each node. Those that are up repeat their report to whoever hears them; what a stranger
  /// says is newer still, and counts where he is root of the node.
  package func reports(on host: HostID) -> [NodeReport] {
    var reports = Dictionary(ownReports(on: host).map { ($0.mac, $0) }) { first, _ in first }
    for mac in strayReports.keys {
      if let stray = strayReport(for: mac, on: host, after: reports[mac]) { reports[mac] = stray }
    }
    return reports.values.sorted { $0.mac < $1.mac }
  }

  /// The newest report of one node: all of them take long, where there are thousands.
  private func newestReport(_ goal: NodeGoal, on host: HostID) -> NodeReport? {
    var newest = keptReport(of: goal.mac, on: host)
    if let node = nodes[goal.node], isOn(goal), let image = node.image,
      let server = node.server ?? bootServer(of: goal.mac), listens(host, at: server)
    {
      newest = report(goal.node, goal.mac, image, server, node, after: newest)
    }
    return strayReport(for: goal.mac, on: host, after: newest) ?? newest
  }

  /// The report that a stranger makes for a node, where the head hears it.
  private func strayReport(for mac: MACAddress, on host: HostID, after last: NodeReport?) -> NodeReport? {
    guard let stray = strayReports[mac], let server = server(of: mac), listens(host, at: server),
      let reserved = reservation(of: mac, on: host)
    else { return nil }
    guard stray.from == .root else {
      let stranger = IPv4Address(bits: reserved.bits ^ 0x8000)
      let elsewhere = NodeReport.Elsewhere(
        address: stray.from == .user ? reserved : stranger, isPrivileged: stray.from == .another, age: 0)
      var report =
        last
        ?? NodeReport(mac: mac, stage: .elsewhere, image: nil, verified: false, age: 0, uptime: nil)
      report.elsewhere = elsewhere
      return report
    }
    return NodeReport(
      mac: mac, stage: stray.stage, image: "other/0123456789abcdef", verified: false, age: 0, uptime: nil,
      detail: "said by a stranger", server: server, readyAge: last?.lastReady, readyImage: last?.lastReadyImage,
      poweredAge: last?.lastPowered, address: reserved, every: last?.every)
  }

  /// The address that a head's dnsmasq gives to a machine.
  private func reservation(of mac: MACAddress, on host: HostID) -> IPv4Address? {
    guard let bytes = machines[host]?.files["/etc/cluster/dhcp-hosts/machines"]?.bytes else { return nil }
    let start = Array("\(mac),".utf8)
    for line in bytes.split(separator: UInt8(ascii: "\n")) where line.starts(with: start) {
      let fields = line.split(separator: UInt8(ascii: ","))
      return fields.count > 2 ? IPv4Address(String(decoding: fields[2], as: UTF8.self)) : nil
    }
    return nil
  }

  /// The last report of a node that a head has kept or written itself.
  private func keptReport(of mac: MACAddress, on host: HostID) -> NodeReport? {
    guard let heard = machines[host]?.reports[mac] else { return nil }
    var report = heard.report
    report.age = report.age(at: heard.at, now: clock(of: host))
    return report
  }

  /// Whether a head hears what the node says of itself.
  package func hears(_ node: HostID) -> Bool {
    guard let mac = nodes[node]?.mac, nodes[node]?.image != nil, isPowered(node), let server = server(of: mac) else {
      return false
    }
    return machines.keys.contains { listens($0, at: server) }
  }

  /// Where a node reports to, and so where a stranger reports for it.
  private func server(of mac: MACAddress) -> IPv4Address? {
    nodes.values.first { $0.mac == mac }?.server ?? bootServer(of: mac)
  }

  /// Reports by the nodes themselves.
  private func ownReports(on host: HostID) -> [NodeReport] {
    var reports: [MACAddress: NodeReport] = [:]
    for mac in (machines[host]?.reports ?? [:]).keys { reports[mac] = keptReport(of: mac, on: host) }
    let off = Set(boards.values.lazy.filter { $0.power == .off }.map(\.machine))
    var heard: [IPv4Address: Bool] = [:]
    for (id, node) in nodes where !off.contains(id) {
      guard let mac = node.mac, let image = node.image, let server = node.server ?? bootServer(of: mac) else {
        continue
      }
      let hears = heard[server] ?? listens(host, at: server)
      heard[server] = hears
      if hears { reports[mac] = report(id, mac, image, server, node, after: reports[mac]) }
    }
    return reports.values.sorted { $0.mac < $1.mac }
  }

  /// Keeps what is heard now, for those who ask when it is not heard any more. The last report of each is as old as
  /// it may be.
  package mutating func hear() {
    for host in machines.keys where isUp(host) {
      for report in ownReports(on: host) where report.age == 0 && report.stage == .ready {
        let at = clock(of: host) - Self.reportEvery
        machines[host]?.reports[report.mac] = FakeMachine.Heard(report: report, at: at)
      }
    }
  }

  /// The same of one node that is about to be switched off.
  private mutating func hear(_ goal: NodeGoal) {
    guard let node = nodes[goal.node], let image = node.image, let server = node.server ?? bootServer(of: goal.mac),
      isOn(goal)
    else { return }
    for host in machines.keys where isUp(host) && listens(host, at: server) {
      let last = machines[host]?.reports[goal.mac]?.report
      let report = report(goal.node, goal.mac, image, server, node, after: last)
      let at = clock(of: host) - Self.reportEvery
      machines[host]?.reports[goal.mac] = FakeMachine.Heard(report: report, at: at)
    }
  }

  private func report(
    _ id: HostID, _ mac: MACAddress, _ image: String, _ server: IPv4Address, _ node: Node, after last: NodeReport?
  ) -> NodeReport {
    // What it said before its power was switched is over.
    let last = last?.stage == .powered ? nil : last
    let uptime =
      node.upSince.map { max(0, now - $0) } ?? last.flatMap { last in last.uptime.map { max(0, $0 + last.age) } }
    var report = NodeReport(
      mac: mac, stage: .ready, image: image, verified: last?.verified ?? true, age: 0, uptime: uptime ?? 0,
      server: server, every: Self.reportEvery, identity: node.identity)
    report.arguments = node.arguments
    report.checked = checked(id, node)
    return report
  }

  /// The end of the checks that a node runs by itself.
  private func checked(_ id: HostID, _ node: Node) -> NodeReport.Checked? {
    if node.identity == nil { return nil }
    return node.checks?.report(checkAnswers[id]) ?? NodeReport.Checked(tag: NodeReadiness.nothing)
  }

  /// Whether nginx on the host answers at the address.
  private func listens(_ host: HostID, at server: IPv4Address) -> Bool {
    guard isUp(host), let machine = machines[host], machine.holds(server),
      machine.units["nginx.service"]?.active == "active",
      let configuration = machine.files["/etc/nginx/nginx.conf"]
    else { return false }
    let wanted = Array("listen \(server):80 ".utf8)
    return configuration.bytes.split(separator: UInt8(ascii: "\n")).contains { line in
      line.drop { $0 == UInt8(ascii: " ") }.starts(with: wanted)
    }
  }

  /// Where a machine that boots now finds its script: at the address that the script itself names. Nil: nowhere.
  private func bootServer(of mac: MACAddress) -> IPv4Address? {
    for script in bootScripts(of: mac) {
      // A script for iPXE sets it, one for GRUB gives it to the kernel.
      guard let start = script.firstRange(of: "set head ") ?? script.firstRange(of: " head="),
        let server = IPv4Address(String(script[start.upperBound...].prefix { !$0.isWhitespace }))
      else { continue }
      if machines.keys.contains(where: { listens($0, at: server) }) { return server }
    }
    return nil
  }

  /// The image that a machine's own boot script names.
  private func bootImage(of mac: MACAddress) -> String? {
    for script in bootScripts(of: mac) {
      if let start = script.firstRange(of: "set image=") {
        return String(script[start.upperBound...].prefix { $0 != "\n" })
      }
      guard let chain = script.split(separator: "\n").last(where: { $0.hasPrefix("chain ") }),
        let start = chain.firstRange(of: "/images/"), let end = chain.firstRange(of: "/boot.ipxe")
      else { continue }
      return String(chain[start.upperBound..<end.lowerBound])
    }
    return nil
  }

  /// The tag of the kernel arguments in its boot script.
  private func bootArguments(of mac: MACAddress) -> String? {
    for script in bootScripts(of: mac) {
      guard let start = script.firstRange(of: "cluster.args=") else { continue }
      return String(script[start.upperBound...].prefix { $0 != " " && $0 != "\n" })
    }
    return nil
  }

  /// A machine's own boot scripts, on the heads that serve them.
  private func bootScripts(of mac: MACAddress) -> [String] {
    let path = "/srv/cluster/http/ipxe/\(mac.hyphenated).ipxe"
    return machines.sorted { $0.key < $1.key }.compactMap { host, machine in
      guard isUp(host), machine.units["dnsmasq.service"]?.active == "active" else { return nil }
      return machine.signedScript(of: mac) ?? machine.files[path]?.text
    }
  }

  private func isOn(_ goal: NodeGoal) -> Bool { goal.bmc.map { boards[$0.key]?.power == .on } ?? true }

  /// Whether the node is as the goal says, so that nothing is to be done.
  private func isReady(_ goal: NodeGoal, on host: HostID) -> Bool {
    guard let node = nodes[goal.node], isOn(goal), node.image == goal.image, node.arguments == goal.arguments,
      strayReports[goal.mac]?.from != .root,
      goal.readiness?.doubt(checked(goal.node, node)) == nil,
      let server = node.server ?? bootServer(of: goal.mac)
    else { return false }
    return server == goal.server ?? server && listens(host, at: server)
  }

  /// A node that restarts is off from here on.
  mutating func begin(_ goal: NodeGoal, on host: HostID, _ secrets: Secrets) throws(AgentError) {
    guard !isReady(goal, on: host), let bmc = goal.bmc else { return }
    try refuse(goal, on: host)
    if isOn(goal), !goal.restart || isOnItsWay(goal, on: host) { return }
    hear(goal)
    notePower(of: goal.mac, on: host, server: goal.server)
    if goal.restart, isOn(goal) { _ = try ensurePower(bmc, .off, secrets) }
  }

  private func isOnItsWay(_ goal: NodeGoal, on host: HostID) -> Bool {
    newestReport(goal, on: host).map(goal.isOnItsWay) ?? false
  }

  /// - Parameter detail: `NodeReport.off` of one that is switched off, and is to stay so.
  mutating func notePower(
    of mac: MACAddress, on host: HostID, detail: String? = nil, server: IPv4Address? = nil
  ) {
    let report = NodeReport(
      mac: mac, stage: .powered, image: nil, verified: false, age: 0, uptime: nil, detail: detail, server: server)
    let at = clock(of: host)
    machines[host]?.reports[mac] = FakeMachine.Heard(report: report, at: at)
  }

  mutating func ensureNode(_ goal: NodeGoal, on host: HostID, _ secrets: Secrets) throws(AgentError) -> Outcome {
    if isReady(goal, on: host) { return Outcome(changed: false, detail: "\(goal.node) ready on \(goal.image)") }
    try refuse(goal, on: host)
    let isOff = !isOn(goal)
    if let bmc = goal.bmc {
      _ = try ensurePower(bmc, .on, secrets)
    } else if nodes[goal.node]?.image == nil {
      // Somebody switches it on by hand.
      start(goal.node)
    }
    if tellsAtOnce { try foretell(goal, on: host) }
    return Outcome(
      changed: isOff, detail: isOff ? "switched \(goal.node) on" : "\(goal.node) is on already")
  }

  private func refuse(_ goal: NodeGoal, on host: HostID) throws(AgentError) {
    let report = newestReport(goal, on: host)
    if let refusal = goal.refusal(after: report, holds: { machines[host]?.holds($0) == true }) { throw refusal }
  }

  // MARK: Coming up

  /// Its power was switched on.
  mutating func start(_ node: HostID) {
    guard nodes[node] != nil else { return }
    nodes[node]?.startedAt = now
    starting.append(node)
    comeUp()
  }

  /// Nodes that had the time for it run what they are told to boot, where somebody tells them.
  package mutating func comeUp() {
    var left: [HostID] = []
    let due = starting.prefix { (nodes[$0]?.startedAt ?? 0) + bootSeconds <= now }
    if due.isEmpty { return }
    var identities: [IPv4Address: [String: String]] = [:]
    defer { starting = left + starting.dropFirst(due.count) }
    for id in due {
      guard let node = nodes[id], !node.silent, let mac = node.mac, let server = bootServer(of: mac),
        let image = node.boots ?? bootImage(of: mac)
      else {
        left.append(id)
        continue
      }
      let arguments = bootArguments(of: mac)
      nodes[id]?.image = image
      nodes[id]?.arguments = arguments
      nodes[id]?.server = server
      nodes[id]?.startedAt = nil
      nodes[id]?.upSince = now
      let tags = identities[server] ?? identitiesServed(at: server)
      identities[server] = tags
      nodes[id]?.identity = tags[id.name]
      let giver = machines.keys.sorted().first { listens($0, at: server) }
      nodes[id]?.checks = giver.flatMap { machines[$0]?.nodeChecks?[id.name] }
      for host in machines.keys where listens(host, at: server) {
        let heard = FakeMachine.Heard(
          report: report(id, mac, image, server, nodes[id] ?? node, after: nil), at: clock(of: host))
        machines[host]?.reports[mac] = heard
      }
    }
  }

  /// The tags of the identities that whoever listens at an address gives out.
  private func identitiesServed(at server: IPv4Address) -> [String: String] {
    machines.keys.sorted().first { listens($0, at: server) }.map { identities(on: $0) } ?? [:]
  }

  /// Throws for a machine that the real agent would wait for in vain.
  private func foretell(_ goal: NodeGoal, on host: HostID) throws(AgentError) {
    guard let node = nodes[goal.node] else { return }
    if node.image == nil, node.silent {
      throw AgentError(
        .nodeSilent, "\(goal.node) was switched on and never asked for DHCP",
        next: "Check its cable, the switch port and its boot order.")
    }
    guard let server = node.server ?? bootServer(of: goal.mac) else {
      throw AgentError(
        .nodeSilent, "\(goal.node) was switched on and found no boot script", next: "Check nginx and dnsmasq.")
    }
    guard listens(host, at: server) else { throw .unheard(goal, server) }
    if strayReports[goal.mac]?.from == .root { throw .failed(goal) }
    if let node = nodes[goal.node], node.image != nil, let doubt = goal.readiness?.doubt(checked(goal.node, node)) {
      throw AgentError(
        .checkFailed, "\(goal.node) is up, and \(doubt.words), so it is not ready",
        next: goal.readiness?.advice(doubt) ?? doubt.order(goal.node))
    }
    if let image = node.image ?? node.boots ?? bootImage(of: goal.mac), image != goal.image {
      throw .wrong(image, goal)
    }
  }
}

extension AgentError {
  fileprivate static func unheard(_ goal: NodeGoal, _ server: IPv4Address?) -> AgentError {
    AgentError(
      .nodeSilent, "\(goal.node) is on, and has not reported",
      cause: server.map { "it reports to \($0), and this head does not hear it there" },
      next: "It was already on, so it was not power-cycled. Check its console, or switch it off.")
  }

  fileprivate static func failed(_ goal: NodeGoal) -> AgentError {
    AgentError(
      .imageCorrupt, "\(goal.node) could not boot \(goal.image)", cause: "said by a stranger",
      next: "Look at the image on this head. The node tries again by itself.")
  }

  fileprivate static func wrong(_ image: String, _ goal: NodeGoal) -> AgentError {
    AgentError(
      .nodeWrongImage, "\(goal.node) booted \(image) instead of \(goal.image)",
      next: "Check that it boots from the network first.")
  }
}

extension UnnamedMachinesProbe: MemoryProbe {
  /// In memory only somebody's own lines are in the log: nodes' reports are kept as what they are.
  func answer(of asked: AskedMachine) -> [UnnamedMachine] {
    let lines = (asked.machine.files[WellKnown.bootLog]?.text ?? "").split(separator: "\n")
    return lines.compactMap { line in
      guard line.contains("event=discover"), let start = line.firstRange(of: "mac=")?.upperBound,
        let mac = MACAddress(line[start...].prefix(17))
      else { return nil }
      return UnnamedMachine(mac: mac, maker: "", product: "", serial: "", firstHeard: 0, lastHeard: 0)
    }
  }
}

extension NodeReportsProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> [NodeReport] { asked.world.reports(on: asked.id) }
}

extension NodeBootsProbe: MemoryProbe {
  /// In memory only the newest of a node is kept, and somebody's own lines are in the log.
  func answer(of asked: AskedMachine) -> [BootMoment] {
    let own = asked.world.reports(on: asked.id).filter { $0.mac == mac && $0.stage != .elsewhere }.map {
      BootMoment($0.stage, age: $0.age, image: $0.image, detail: $0.stage == .ready ? nil : $0.detail)
    }
    let lines = (asked.machine.files[WellKnown.bootLog]?.text ?? "").split(separator: "\n")
    let isPowered = lines.contains { $0.contains("event=powered") && $0.contains("mac=\(mac)") }
    return own + (isPowered ? [BootMoment(.powered, age: 0)] : [])
  }
}

extension BootNetworkProbe: MemoryProbe {
  /// On networks in memory are the described machines alone, and packets of any size arrive.
  func answer(of asked: AskedMachine) -> BootNetworkSight? {
    guard let link = asked.machine.links.first(where: { $0.name == goal.card }) else { return nil }
    var sight = BootNetworkSight(mtu: link.mtu ?? 1500)
    guard let server = goal.server else { return sight }
    let offer = asked.world.offer(by: server, to: goal.mac)
    sight.offers = offer.map { [$0] } ?? []
    sight.services = ((goal.boots ? ["tftp", "http"] : []) + (goal.name == nil ? [] : ["dns"])).map {
      .init($0, problem: asked.world.isServed(server) ? nil : "nobody answers")
    }
    return sight
  }
}

extension FakeWorld {
  fileprivate func isServed(_ server: IPv4Address) -> Bool { machines.keys.contains { listens($0, at: server) } }

  /// The answer of a head to a machine that has an address with it.
  fileprivate func offer(by server: IPv4Address, to mac: MACAddress?) -> BootNetworkSight.Offer? {
    guard let mac, let head = machines.keys.sorted().first(where: { listens($0, at: server) }),
      let address = reservation(of: mac, on: head)
    else { return nil }
    let card = machines[head]?.links.compactMap(\.mac).first ?? MACAddress(bits: 0)
    return .init(server: server, hardware: card, address: address, file: nil)
  }
}
