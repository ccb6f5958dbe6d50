// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings

extension StatusReport {
  /// A node reports every 10 s; three reports missed and a half, and it counts as silent.
  package static let silentAfterSeconds = 45

  /// The probes that a status is made of.
  package static func questions(_ cluster: Cluster) -> [Question] {
    cluster.heads.flatMap { head in
      let common: [Probe] = [.system, .links, .corosync, .crmMon, .nodeReports]
      let units = WingCatalog.services(of: cluster).map { Probe.unit(name: $0.unit, configuration: []) }
      let others = cluster.heads.filter { $0.name != head.name }
      let fencing = others.map { Probe.fencing(head: $0.name) }
      let clones = others.filter { $0.cloneOf == head.name }.map { Probe.clone(head: $0.name) }
      return (common + units + fencing + clones).map { Question(head.name, $0) }
    }
  }

  /// What the answers say. A head that did not answer is offline, and what only it could tell is unknown.
  package static func assemble(_ cluster: Cluster, _ inventory: Inventory, site: String, lastRun: LastRun?)
    -> StatusReport
  {
    let ha = HighAvailabilityStatus.read(cluster, inventory)
    let addresses = (ha?.addresses ?? []).map {
      Address(network: $0.network, address: "\($0.address)", holder: $0.holder?.name)
    }
    let services = ha.map { $0.services.map { Service(name: $0.name, head: $0.head?.name, state: $0.state.rawValue) } }
    let active = cluster.bootNetwork.flatMap { network in addresses.first { $0.network == network.name }?.holder }
    return StatusReport(
      cluster: cluster.name, site: site,
      heads: cluster.heads.map { head($0, cluster, inventory, active: active) },
      ha: HighAvailability(
        armed: ha?.armed ?? false,
        conditions: (ha?.conditions ?? []).map { Condition(name: $0.name, ok: $0.ok, detail: $0.detail) }),
      addresses: addresses, services: services ?? plainServices(cluster, inventory),
      nodes: nodes(cluster, inventory), lastRun: lastRun)
  }

  private static func head(_ head: ClusterModel.Head, _ cluster: Cluster, _ inventory: Inventory, active: String?)
    -> Head
  {
    guard case .answered(let answers) = inventory.hosts[head.name] else {
      var reason: String?
      if case .unreachable(let error) = inventory.hosts[head.name] { reason = "\(error); \(error.next)" }
      return Head(name: head.name.name, online: false, role: .offline, image: nil, detail: reason)
    }
    let role: Head.Role = cluster.heads.count == 1 ? .single : active == head.name.name ? .active : .standby
    return Head(
      name: head.name.name, online: true, role: role, image: origin(head, answers, inventory), detail: nil)
  }

  /// The capture that a clone was installed from is known to the head that installed it.
  private static func origin(_ head: ClusterModel.Head, _ answers: [Probe: Answer], _ inventory: Inventory) -> String? {
    for case .answered(let others) in inventory.hosts.values {
      if case .clone(let record?) = others[.clone(head: head.name)], let parent = head.cloneOf {
        return "clone of \(parent) (\(record.capture.prefix(12)))"
      }
    }
    if case .system(let system) = answers[.system] { return system.operatingSystem }
    return nil
  }

  /// Without Pacemaker a service runs where its unit does.
  private static func plainServices(_ cluster: Cluster, _ inventory: Inventory) -> [Service] {
    WingCatalog.services(of: cluster).map { service in
      var stopped: Service?
      for head in cluster.heads {
        guard case .answered(let answers) = inventory.hosts[head.name],
          case .unit(let unit) = answers[.unit(name: service.unit, configuration: [])]
        else { continue }
        if unit.active == "active" {
          return Service(name: service.name, head: head.name.name, state: "running")
        }
        stopped = Service(
          name: service.name, head: nil, state: unit.active == "failed" ? "failed" : "stopped")
      }
      return stopped ?? Service(name: service.name, head: nil, state: "unknown")
    }
  }

  private static func nodes(_ cluster: Cluster, _ inventory: Inventory) -> [Node] {
    let newest = newestReports(inventory)
    let anyHeadAnswers = inventory.hosts.values.contains { if case .answered = $0 { true } else { false } }
    return cluster.nodes.map { node in
      if node.state == .out {
        return Node(name: node.name.name, state: .out, image: nil, since: nil, detail: "left alone: `state: out`")
      }
      guard let mac = node.nics.lazy.compactMap(\.mac).first(where: { newest[$0] != nil }), let report = newest[mac]
      else {
        return Node(
          name: node.name.name, state: anyHeadAnswers ? .silent : .unknown, image: nil, since: nil,
          detail: anyHeadAnswers ? "never reported to a head that answers" : "no head answers")
      }
      return describe(node, report, now: inventory.observedAt)
    }
  }

  private static func newestReports(_ inventory: Inventory) -> [MACAddress: NodeReport] {
    var newest: [MACAddress: NodeReport] = [:]
    for case .answered(let answers) in inventory.hosts.values {
      guard case .nodeReports(let reports) = answers[.nodeReports] else { continue }
      for report in reports where (newest[report.mac]?.age ?? .max) >= report.age { newest[report.mac] = report }
    }
    return newest
  }

  private static func describe(_ node: ComputeNode, _ report: NodeReport, now: Int) -> Node {
    let age = report.age
    func made(_ state: Node.State, since: Int, _ detail: String?) -> Node {
      Node(name: node.name.name, state: state, image: report.image, since: since, detail: detail)
    }
    switch report.stage {
    case .ready where age <= silentAfterSeconds:
      return made(.ready, since: now - age - (report.uptime ?? 0), report.verified ? nil : "image not verified")
    case .ready:
      return made(.silent, since: now - age, "last heard from \(age) s ago; check its console")
    case .failed:
      return made(.failed, since: now - age, report.detail ?? "its image did not match its digest")
    case .powered: return made(.booting, since: now - age, "switched on \(age) s ago, and not heard since")
    case .dhcp, .script, .image:
      return made(.booting, since: now - age, "\(report.stage.rawValue) \(age) s ago")
    }
  }
}
