// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

/// The policy as elements of the CIB: one primitive for each service address, unit and fence device, tied together in
/// pairs. Pairs and not a group: in a group a failed dnsmasq would restart all that stand after it.
struct PacemakerElements {
  /// The time that a fence agent has for one head.
  static let fencingSeconds: Int64 = 75

  let cluster: Cluster
  let policy: HighAvailabilityPolicy
  /// Services that are kept on one head, those at the service addresses first.
  let groups: [ServiceGroup]

  init(cluster: Cluster, policy: HighAvailabilityPolicy) {
    self.cluster = cluster
    self.policy = policy
    groups = ServiceGroup.all(of: policy, in: cluster)
  }

  /// Everything we own, with the list of it last.
  var all: [CIBElement] {
    let elements =
      options + defaults + fenceDevices + links + lastHeads + stateResources + addresses + services + failback
      + placement
    return elements + [CIBDocument.registry(of: elements.map(\.id))]
  }

  /// The key below `ha` that a difference comes from. Nil: it cannot be told.
  static func key(of difference: CIBDifference) -> String? {
    let id = difference.id
    if id == CIBDocument.resourceDefault("migration-threshold", "").id { return "monitor.restarts" }
    if id.hasPrefix("prefer-") || id.hasPrefix(Failback.resource) { return "failback" }
    if id.hasPrefix("spread.") { return "spread" }
    guard difference.element == "primitive", difference.change == .changed, !difference.lines.isEmpty else {
      return nil
    }
    let (interval, timeout) = ("\(id)-monitor: interval ", "\(id)-monitor: timeout ")
    guard difference.lines.allSatisfy({ $0.hasPrefix(interval) || $0.hasPrefix(timeout) }) else { return nil }
    // The time that a monitor stays follows from the interval, and is part of its timeout.
    return difference.lines.contains { $0.hasPrefix(interval) } ? "monitor.every" : "monitor.timeout"
  }

  /// The score of staying where it is. Constraints with less decide only where what does not run is started.
  static let stickiness = 100

  // MARK: Properties

  private var options: [CIBElement] {
    let values: [(String, String)] = [
      ("stonith-enabled", "\(policy.fencing)"),
      ("stonith-action", "reboot"),
      // One fencing is up to 20 s for off, again for on, and a session for each question: fence_ipmilan(8).
      ("stonith-timeout", "90s"),
      ("no-quorum-policy", "stop"),
      ("start-failure-is-fatal", "false"),
      ("cluster-recheck-interval", "60s"),
      // Above a load of 0.8 a core Pacemaker takes one step after the other. Heads have few resources and, at times,
      // many users: a failover is the last thing to go slowly for them.
      ("load-threshold", "100000%"),
      // When both heads start at once, each waits this long for the other before the first election.
      ("dc-deadtime", "5s"),
    ]
    return values.map(CIBDocument.option)
  }

  private var defaults: [CIBElement] {
    [
      // The failure that reaches the threshold moves the resource.
      ("migration-threshold", "\(policy.monitor.restarts + 1)"),
      ("failure-timeout", "120s"),
      ("resource-stickiness", "\(Self.stickiness)"),
      // Gives a head with services more weight in a fencing race.
      ("priority", "1"),
    ].map(CIBDocument.resourceDefault)
  }

  // MARK: Resources

  private var fenceDevices: [CIBElement] {
    guard policy.fencing else { return [] }
    return cluster.heads.flatMap { head -> [CIBElement] in
      guard let bmc = head.bmc else { return [] }
      let device = bmc.speaks.fence(head.name, bmc)
      let levels = FencingLevel.all(of: head)
      let last = head.fencing.count
      return fenceDevice(
        device.id, device.agent, device.parameters, for: head.name,
        isLast: head.fencing.firstIndex(of: .bmc) == last - 1)
        + levels.flatMap { level in
          fenceDevice(level.id, level.type, level.parameters, for: head.name, isLast: level.index == last)
        }
        + (levels.isEmpty ? [] : topology(head, device, levels))
    }
  }

  private func fenceDevice(
    _ id: String, _ agent: String, _ parameters: [(name: String, value: String)], for head: HostID, isLast: Bool
  ) -> [CIBElement] {
    // Where there is another way, it is tried before this one is tried again.
    let retries = isLast ? [] : [(name: "pcmk_reboot_retries", value: "1")]
    let parameters =
      parameters + retries + [
        ("pcmk_host_list", head.name), ("pcmk_reboot_action", "reboot"),
        // An agent that is killed half-way leaves the machine off and the fencing failed.
        ("pcmk_reboot_timeout", "\(Self.fencingSeconds)s"), ("pcmk_off_timeout", "\(Self.fencingSeconds)s"),
      ]
    // A BMC that does not answer for some minutes must not put its fence device out of service for longer.
    let primitive = primitive(
      id, ["class": "stonith", "type": agent], parameters, meta: [("migration-threshold", "INFINITY")],
      // Fence agents are Python programs: half a second of a core for each question.
      operations: [("monitor", .seconds(300), .seconds(25))])
    // A head that has to be fenced cannot be trusted to do it.
    let location = constraint(
      "rsc_location", "\(id)-elsewhere", ["rsc": id, "node": head.name, "score": "-INFINITY"])
    return [primitive, location]
  }

  /// Pacemaker tries the next level when one fails, as the BMC's does when it has lost its power.
  private func topology(_ head: Head, _ device: FenceDevice, _ levels: [FencingLevel]) -> [CIBElement] {
    head.fencing.indices.map { number in
      let id = "fencing-\(head.name)-\(number + 1)"
      let devices = levels.first { $0.index == number + 1 }?.id ?? device.id
      let element = XMLElement(
        "fencing-level",
        [
          .init("devices", devices), .init("id", id), .init("index", "\(number + 1)"), .init("target", head.name.name),
        ])
      return CIBElement(section: .fencingTopology, id: id, xml: element.canonical)
    }
  }

  private var addresses: [CIBElement] {
    policy.allAddresses.map { address in
      var parameters = [("ip", address.address.description)]
      if let network = cluster.network(address.network) {
        parameters.append(("cidr_netmask", "\(network.cidr.prefix)"))
      }
      return primitive(policy.primitive(of: address), parameters + card(on: address.network))
    }
      + policy.ipv6.map { address in
        var parameters = [("ip", address.address.description)]
        if let ipv6 = cluster.network(address.network)?.ipv6 {
          parameters.append(("cidr_netmask", "\(ipv6.cidr.prefix)"))
        }
        // Deprecated from the start (RFC 4862, 5.5.4): what a head begins itself comes from its own address, and goes
        // on when the service address has moved. IPv4 does so by itself, where the first address of a card counts.
        parameters.append(("preferred_lft", "0"))
        return primitive(ClusteredUnit.id(ofIPv6On: address.network), parameters + card(on: address.network))
      }
  }

  /// Where the heads name the interface differently, the agent finds it by the address.
  private func card(on network: String) -> [(String, String)] {
    let interfaces = Set(cluster.heads.compactMap { $0.nic(on: network)?.name })
    return interfaces.count == 1 ? interfaces.map { ("nic", $0) } : []
  }

  private func primitive(_ id: String, _ parameters: [(String, String)]) -> CIBElement {
    primitive(
      id, ["class": "ocf", "provider": "cluster", "type": "address"], parameters,
      operations: [monitor, ("start", .zero, .seconds(20)), ("stop", .zero, .seconds(20))])
  }

  /// Pacemaker waits for as long as a monitor stays, and then for as long as a check may take.
  private var monitor: (name: String, interval: Duration, timeout: Duration) {
    let every = policy.monitor.every
    return ("monitor", every, MonitorTiming.stay(every: every) + policy.monitor.timeout)
  }

  private var services: [CIBElement] {
    groups.flatMap { group in
      group.units.map { service in
        primitive(
          service.id, ["class": "ocf", "provider": "cluster", "type": "service"],
          [("unit", service.unit)] + marker(service) + service.parameters(at: group.address?.address),
          operations: [monitor, ("start", .zero, startTimeout(service)), ("stop", .zero, .seconds(30))])
      }
    }
  }

  /// The patience with a start, which keeps Pacemaker from others. A service that has state may have to put it in order
  /// first, and is no further when it is broken off and begun anew: a database after a loss of power.
  private func startTimeout(_ service: ClusteredUnit) -> Duration { .seconds(service.keepsState ? 180 : 30) }

  /// The mark without which it is not started: see `SharedState`.
  private func marker(_ service: ClusteredUnit) -> [(name: String, value: String)] {
    guard service.keepsState, let state = policy.state else { return [] }
    let goal = StateFolderGoal(state, of: cluster)
    return [("marker", goal.file), ("marker_text", goal.marker)]
  }

  // MARK: Placement

  private var anchor: HighAvailabilityPolicy.Address? { policy.anchor(cluster) }

  private var placement: [CIBElement] {
    guard let anchor, let main = groups.first else { return [] }
    let first = ClusteredUnit.id(ofAddressOn: anchor.network)
    var elements: [CIBElement] = []
    for address in policy.addresses where address.network != anchor.network {
      elements.append(together(ClusteredUnit.id(ofAddressOn: address.network), with: first))
    }
    for address in policy.ipv6 { elements.append(together(ClusteredUnit.id(ofIPv6On: address.network), with: first)) }
    for service in main.units {
      elements += [
        together(service.id, with: first),
        constraint(
          "rsc_order", "\(service.id)-after-\(first)", ["first": first, "then": service.id, "kind": "Mandatory"]),
      ]
      // nginx and dnsmasq listen there, and do not start without.
      elements += moreServers(anchor).map { address in
        constraint(
          "rsc_order", "\(service.id)-after-\(address)", ["first": address, "then": service.id, "kind": "Mandatory"])
      }
      elements += needs(service)
    }
    return elements + preference(of: main) + statePlacement(anchor) + whereLinked(main) + spreadPlacement
  }

  /// Optional: a service that is restarted does not restart those that start after it.
  func needs(_ service: ClusteredUnit) -> [CIBElement] {
    service.needs.map { need in
      constraint("rsc_order", "\(service.id)-after-\(need)", ["first": need, "then": service.id, "kind": "Optional"])
    }
  }

  /// Service addresses on other networks that boot: their nodes come there.
  private func moreServers(_ anchor: HighAvailabilityPolicy.Address) -> [String] {
    let entries = Set(cluster.bootNetworks.compactMap { cluster.entry(of: $0)?.name })
    return policy.addresses.map(\.network).filter { $0 != anchor.network && entries.contains($0) }
      .map(ClusteredUnit.id(ofAddressOn:))
  }

  func together(_ resource: String, with other: String) -> CIBElement {
    constraint(
      "rsc_colocation", "\(resource)-with-\(other)", ["rsc": resource, "with-rsc": other, "score": "INFINITY"])
  }

  // MARK: XML

  func constraint(_ name: String, _ id: String, _ attributes: [String: String]) -> CIBElement {
    let element = XMLElement(name, [.init("id", id)] + attributes.sorted { $0.key < $1.key }.map { .init($0, $1) })
    return CIBElement(section: .constraints, id: id, xml: element.canonical)
  }

  private func primitive(
    _ id: String, _ agent: [String: String], _ parameters: [(name: String, value: String)],
    meta: [(name: String, value: String)] = [],
    operations: [(name: String, interval: Duration, timeout: Duration)]
  ) -> CIBElement {
    let element = XMLElement.primitive(id, agent, parameters, meta: meta, operations: operations)
    return CIBElement(section: .resources, id: id, xml: element.canonical)
  }
}
