// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Wings
import XML

/// Pacemaker as far as anything here depends on it: it keeps a CIB while it runs somewhere, and runs each address and
/// each service of it on one head: all on the same one, but for groups that have a head of their own.
extension FakeWorld {
  var members: [HostID] { running("pacemaker.service").filter(running("corosync.service").contains) }

  /// The CIB while Pacemaker runs anywhere.
  package var liveCIB: CIBDocument? { members.isEmpty ? nil : cib }

  /// The live CIB, where Pacemaker runs on `host`.
  func cib(on host: HostID) -> String? { members.contains(host) ? cib?.canonical : nil }

  mutating func ensureCIB(_ goal: CIBGoal, on host: HostID) throws(AgentError) -> Outcome {
    let missing = goal.members.filter { !members.contains($0) }
    guard missing.isEmpty, let live = cib else {
      throw AgentError(
        .deadline, "Not every head has joined the cluster within 120 s",
        cause: missing.map { "\($0) is offline" }.joined(separator: ", "),
        next: "Check `corosync-cfgtool -n` and `journalctl --unit corosync --unit pacemaker` on each head.")
    }
    let differences = live.differences(goal)
    if differences.isEmpty { return Outcome(changed: false, detail: "as desired") }
    let wanted: CIBDocument
    do { wanted = try live.applying(goal) } catch {
      throw AgentError(
        .invalid, "The desired configuration is not what Pacemaker accepts", cause: "\(error)",
        next: "This is a bug in cluster: report it together with the spec.")
    }
    let lost = wanted.lostReferences
    guard lost.isEmpty else {
      throw AgentError(
        .commandFailed, "crm_verify failed", cause: "there is no resource \(lost.joined(separator: ", "))",
        next: "Pacemaker rejects the new configuration.")
    }
    let before = primitives.compactMap(\.serviceAddress)
    cib = wanted
    // What it does not know any more, it stops.
    if !isLettingGo {
      for address in Set(before).subtracting(primitives.compactMap(\.serviceAddress)) {
        for host in members { machines[host]?.dropAddress(address) }
      }
    }
    settle()
    let down = notRunning(among: Set(goal.elements.map(\.id)))
    guard down.isEmpty else {
      throw AgentError(
        .commandFailed, "\(down.joined(separator: ", ")) does not run under Pacemaker",
        next: "Check `crm_mon --one-shot --failcounts` and the units' journals on the heads, then apply again.")
    }
    return Outcome(changed: true, detail: "changed \(differences.map(\.id).joined(separator: ", "))")
  }

  mutating func moveServices(_ goal: SwitchoverGoal, by host: HostID) throws(AgentError) -> Outcome {
    guard let text = crmMon(on: host), let status = try? ClusterStatus(parsing: text) else {
      throw AgentError(
        .commandFailed, "Pacemaker does not answer", next: "Check `journalctl --unit pacemaker`.")
    }
    if goal.away(in: status).isEmpty { return Outcome(changed: false, detail: "the services run on \(goal.head)") }
    if let obstacle = goal.obstacle(in: status) {
      throw AgentError(
        .conflict, "\(goal.head) cannot take the services", cause: obstacle, next: "Check `cluster status`.")
    }
    let parts = Set(goal.parts.map(\.id))
    for primitive in primitives where parts.contains(primitive.id ?? "") {
      if let unit = primitive.parameter("unit") { run(unit, on: goal.head) }
      guard let address = primitive.serviceAddress else { continue }
      for other in machines.keys where other != goal.head { machines[other]?.dropAddress(address) }
      place(address, primitive.parameter("cidr_netmask") ?? "32", primitive.parameter("nic"), on: goal.head)
    }
    settle()
    let moved = goal.parts.map { "\($0.names.joined(separator: ", ")) away 0.0 s" }.joined(separator: "; ")
    return Outcome(changed: true, detail: "the services run on \(goal.head): \(moved)")
  }

  /// Reacts to any change as Pacemaker does by itself.
  package mutating func settle() {
    countVotes()
    let members = members
    let acting = acting(members)
    let left = joined.subtracting(acting)
    joined = Set(acting)
    if !isLettingGo { for host in left.sorted() where isUp(host) { stopResources(on: host) } }
    // The CIB is on the disks of the heads, and stays there when the package goes.
    configured.formUnion(members)
    if cib == nil, !members.isEmpty {
      cib = CIBDocument(
        root: XMLElement(
          "cib",
          children: [
            .element(
              XMLElement(
                "configuration",
                children: ["crm_config", "nodes", "resources", "constraints"].map { .element(XMLElement($0)) }))
          ]))
    }
    guard !isLettingGo, let active = activeHead(of: acting) else { return }
    let apart = headsOfGroups(among: acting)
    for primitive in primitives {
      let host = apart[primitive.id ?? ""] ?? active
      if let address = primitive.serviceAddress {
        place(address, primitive.parameter("cidr_netmask") ?? "32", primitive.parameter("nic"), on: host)
      } else if let unit = primitive.parameter("unit") {
        run(unit, on: host)
      }
    }
  }

  private mutating func run(_ unit: String, on head: HostID) {
    for host in machines.keys {
      let runs = host == head
      guard var machine = machines[host], var state = machine.known(unit), (state.active == "active") != runs else {
        continue
      }
      state.active = runs ? "active" : "inactive"
      state.loaded = machine.tick
      machine.units[unit] = state
      machines[host] = machine
    }
  }

  /// Heads that Pacemaker runs services on.
  ///
  /// Where it starts with nobody at work yet, it waits for the Pacemaker of each head that Corosync sees, to hear what
  /// runs there (`dc-deadtime`). A real one fences a head that does not come; here it goes on waiting. Heads that are
  /// at work go on without one that has left.
  private func acting(_ members: [HostID]) -> [HostID] {
    let able = members.filter(quorate.contains)
    return !joined.isDisjoint(with: able) || voters.allSatisfy(members.contains) ? able : []
  }

  /// Services of these whose unit the active head does not have.
  private func notRunning(among ids: Set<String>) -> [String] {
    let acting = acting(members)
    guard !isLettingGo, let active = activeHead(of: acting) else { return [] }
    let apart = headsOfGroups(among: acting)
    return primitives.filter { primitive in
      guard let id = primitive.id, ids.contains(id), let unit = primitive.parameter("unit") else { return false }
      return machines[apart[id] ?? active]?.known(unit) == nil
    }.compactMap(\.id)
  }

  /// A head that starts alone waits for the others; one that has seen them goes on without them.
  private mutating func countVotes() {
    let running = running("corosync.service")
    if running == voters { return }
    voters = running
    quorate.formIntersection(running)
    for host in running where !quorate.contains(host) {
      let names = corosyncNodes(of: host).map(\.name)
      if names.allSatisfy({ running.contains(HostID($0)) }) { quorate.insert(host) }
    }
  }

  /// Told to touch nothing: what it runs goes on, also when it stops itself.
  private var isLettingGo: Bool { cib?.stored.isPaused == true }

  /// A member that leaves in good order stops what it runs first.
  private mutating func stopResources(on host: HostID) {
    for primitive in primitives {
      if let address = primitive.serviceAddress { machines[host]?.dropAddress(address) }
      if let unit = primitive.parameter("unit"), machines[host]?.units[unit] != nil {
        machines[host]?.units[unit]?.active = "inactive"
      }
    }
  }

  /// Resources stay where they are, and go to the first member otherwise.
  private func activeHead(of members: [HostID]) -> HostID? {
    let apart = groups.reduce(into: Set<String>()) { $0.formUnion($1.members) }
    let addresses = primitives.filter { !apart.contains($0.id ?? "") }.compactMap(\.serviceAddress)
    return members.first { host in addresses.contains { machines[host]?.holds($0) == true } } ?? members.first
  }

  /// The head that runs the services.
  var servingHead: HostID? { activeHead(of: acting(members)) }

  var primitives: [XMLElement] { cib?.root.at("configuration", "resources")?.all("primitive") ?? [] }

  private mutating func place(_ address: IPAddress, _ prefix: String, _ nic: String?, on active: HostID) {
    // It knows nothing of an address that a head holds without it.
    for host in members where host != active { machines[host]?.dropAddress(address) }
    guard machines[active]?.holds(address) == false else { return }
    let index = machines[active]?.links.firstIndex { $0.name == nic }
    if let index { machines[active]?.links[index].add("\(address)/\(prefix)") }
  }

  // MARK: What it tells

  /// The form of `crm_mon --one-shot --inactive --output-as=xml`, with what is read of it.
  func crmMon(on host: HostID) -> String? {
    let members = members
    guard members.contains(host), let cib else { return nil }
    let fencing = cib.element("cib-bootstrap-options-stonith-enabled")?["value"] ?? "true"
    let options = "<cluster_options stonith-enabled=\"\(fencing)\" maintenance-mode=\"\(isLettingGo)\"/>"
    let nodes = machines.keys.sorted().map { name in
      let online = members.contains(name)
      return "<node name=\"\(name)\" online=\"\(online)\" standby=\"false\" standby_onfail=\"false\" "
        + "maintenance=\"false\" pending=\"false\" unclean=\"false\"/>"
    }
    let acting = acting(members)
    let resources = primitives.flatMap { primitive in
      // What every head runs for itself is told once for each.
      primitive.isOnEveryHead ? acting.map { status(primitive, [$0]) } : [status(primitive, acting)]
    }
    return
      "<pacemaker-result api-version=\"2.25\"><summary><current_dc present=\"true\" with_quorum=\"\(quorate.contains(host))\"/>"
      + options + "</summary><nodes>\(nodes.joined())</nodes><resources>\(resources.joined())</resources>"
      + "<failures/></pacemaker-result>"
  }

  private func status(_ primitive: XMLElement, _ members: [HostID]) -> String {
    let agent = [primitive["class"], primitive["provider"], primitive["type"]].compactMap { $0 }.joined(separator: ":")
    let node: HostID? =
      if let address = primitive.serviceAddress {
        members.first { machines[$0]?.holds(address) == true }
      } else if let unit = primitive.parameter("unit") {
        members.first { machines[$0]?.units[unit]?.active == "active" }
      } else if primitive["type"] == "folder" {
        activeHead(of: members)
      } else {
        members.first { $0.name != primitive.parameter("pcmk_host_list") } ?? members.first
      }
    let role = node == nil ? "Stopped" : "Started"
    return
      "<resource id=\"\(primitive.id ?? "")\" resource_agent=\"\(agent)\" role=\"\(role)\" active=\"\(node != nil)\" "
      + "managed=\"true\" failed=\"false\" blocked=\"false\">"
      + (node.map { "<node name=\"\($0)\" id=\"1\" cached=\"true\"/>" } ?? "") + "</resource>"
  }

  /// From the host's own corosync.conf(5) and from who else runs Corosync.
  func corosync(on host: HostID) -> CorosyncState? {
    let running = running("corosync.service")
    guard running.contains(host), let file = corosyncFile(of: host) else { return nil }
    let nodes = corosyncNodes(of: host)
    let present = nodes.map(\.name).filter { running.contains(HostID($0)) }
    let addresses = nodes.first { $0.name == host.name }?.rings ?? []
    return CorosyncState(
      quorate: quorate.contains(host),
      links: addresses.enumerated().map { .init(number: $0, address: $1, connected: present.count == nodes.count) },
      encrypted: file.contains { $0.key == "crypto_cipher" && $0.value != "none" }, members: present,
      // Whoever it is, it answers.
      witness: file.contains { $0.key == "model" && $0.value == "net" }
        && machines[host]?.units["corosync-qdevice.service"]?.active == "active" ? true : nil)
  }

  /// The heads that a host's corosync.conf(5) lists, with their addresses.
  private func corosyncNodes(of host: HostID) -> [(name: String, rings: [String])] {
    var nodes: [(name: String, rings: [String])] = []
    for (key, value) in corosyncFile(of: host) ?? [] {
      if key == "name" { nodes.append((value, [])) }
      if key.hasPrefix("ring"), !nodes.isEmpty { nodes[nodes.count - 1].rings.append(value) }
    }
    return nodes
  }

  private func corosyncFile(of host: HostID) -> [(key: String, value: String)]? {
    machines[host]?.files["/etc/corosync/corosync.conf"]?.text?.utf8.split(separator: UInt8(ascii: "\n"))
      .compactMap { line in
        let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1).map { part in
          String(decoding: part.filter { $0 != UInt8(ascii: " ") }, as: UTF8.self)
        }
        return parts.count == 2 ? (parts[0], parts[1]) : nil
      }
  }
}

extension CIBDocument {
  /// Resources that constraints speak of, and that do not exist: crm_verify(8) refuses such a CIB.
  fileprivate var lostReferences: [String] {
    guard let constraints = root.at("configuration", "constraints") else { return [] }
    return constraints.namedResources.filter { element($0, in: .resources) == nil }.sorted()
  }

  /// Constraints that speak of resources which do not exist, by id: who removes a resource removes these first, or
  /// Pacemaker refuses it.
  package var orphanedConstraints: [String] {
    let lost = Set(lostReferences)
    if lost.isEmpty { return [] }
    return (root.at("configuration", "constraints")?.elements ?? [])
      .filter { !$0.namedResources.isDisjoint(with: lost) }.compactMap(\.id)
  }
}

extension XMLElement {
  /// The resources that a constraint speaks of, anywhere in it.
  fileprivate var namedResources: Set<String> {
    var named: Set<String> = []
    visit { element in named.formUnion(["rsc", "with-rsc", "first", "then"].compactMap { element[$0] }) }
    return named
  }

  /// The address of an address resource. A fence device has an `ip` too: that of the BMC it speaks to.
  var serviceAddress: IPAddress? {
    self["class"] == "stonith" ? nil : parameter("ip").flatMap { IPAddress($0) }
  }

  /// It tells something of the head that it is on.
  fileprivate var isOnEveryHead: Bool { ["link", "replica", "drbd"].contains(self["type"]) }

  /// The value of a primitive's instance attribute.
  func parameter(_ name: String) -> String? {
    all("instance_attributes").flatMap { $0.all("nvpair") }.first { $0["name"] == name }?["value"]
  }
}

extension CorosyncProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> CorosyncState? { asked.world.corosync(on: asked.id) }
}

extension CIBProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> String? { asked.world.cib(on: asked.id) }
}

extension StoredCIBProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> StoredCIB? {
    asked.world.configured.contains(asked.id) ? asked.world.cib?.stored : nil
  }
}

extension CrmMonProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> String? { asked.world.crmMon(on: asked.id) }
}
