// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

/// The policy as elements of the CIB: one primitive for each service address, unit and fence device, tied together in
/// pairs. Pairs and not a group: in a group a failed dnsmasq would restart all that stand after it.
struct PacemakerElements {
  let cluster: Cluster
  let policy: HighAvailabilityPolicy

  /// Everything we own, with the list of it last.
  var all: [CIBElement] {
    let elements = options + defaults + fenceDevices + addresses + services + placement
    return elements + [CIBDocument.registry(of: elements.map(\.id))]
  }

  /// The key below `ha` that a difference comes from. Nil: it cannot be told.
  static func key(of difference: CIBDifference) -> String? {
    let id = difference.id
    if id == CIBDocument.resourceDefault("migration-threshold", "").id { return "monitor.restarts" }
    if id.hasPrefix("prefer-") { return "failback" }
    guard difference.element == "primitive", difference.change == .changed, !difference.lines.isEmpty else {
      return nil
    }
    if difference.lines.allSatisfy({ $0.hasPrefix("\(id)-monitor: interval ") }) { return "monitor.every" }
    if difference.lines.allSatisfy({ $0.hasPrefix("\(id)-monitor: timeout ") }) { return "monitor.timeout" }
    return nil
  }

  // MARK: Properties

  private var options: [CIBElement] {
    var values: [(String, String)] = [
      ("stonith-enabled", "\(policy.fencing)"),
      ("stonith-action", "reboot"),
      ("stonith-timeout", "20s"),
      ("no-quorum-policy", "stop"),
      ("start-failure-is-fatal", "false"),
      ("cluster-recheck-interval", "60s"),
      // When both heads start at once, each waits this long for the other before the first election.
      ("dc-deadtime", "5s"),
    ]
    // When both heads live and see each other no more, the one without services is shot: the other's shot comes later.
    if policy.fencing, cluster.heads.count == 2 { values.append(("priority-fencing-delay", "1s")) }
    return values.map(CIBDocument.option)
  }

  private var defaults: [CIBElement] {
    [
      // The failure that reaches the threshold moves the resource.
      ("migration-threshold", "\(policy.monitor.restarts + 1)"),
      ("failure-timeout", "120s"),
      ("resource-stickiness", "100"),
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
      var parameters = device.parameters
      parameters += [("pcmk_host_list", head.name.name), ("pcmk_reboot_action", "reboot")]
      let primitive = primitive(
        device.id, ["class": "stonith", "type": device.agent], parameters,
        operations: [("monitor", .seconds(60), .seconds(25))])
      // A head that has to be fenced cannot be trusted to do it.
      let location = constraint(
        "rsc_location", "\(device.id)-elsewhere", ["rsc": device.id, "node": head.name.name, "score": "-INFINITY"])
      return [primitive, location]
    }
  }

  private var addresses: [CIBElement] {
    policy.addresses.map { address in
      var parameters = [("ip", address.address.description)]
      if let network = cluster.network(address.network) {
        parameters.append(("cidr_netmask", "\(network.cidr.prefix)"))
      }
      // Where the heads name the interface differently, the agent finds it by the address.
      let interfaces = Set(cluster.heads.compactMap { $0.nic(on: address.network)?.name })
      if interfaces.count == 1, let interface = interfaces.first { parameters.append(("nic", interface)) }
      return primitive(
        ClusteredUnit.id(ofAddressOn: address.network), ["class": "ocf", "provider": "heartbeat", "type": "IPaddr2"],
        parameters,
        operations: [
          ("monitor", policy.monitor.every, policy.monitor.timeout), ("start", .zero, .seconds(20)),
          ("stop", .zero, .seconds(20)),
        ])
    }
  }

  private var services: [CIBElement] {
    ClusteredUnit.all(of: policy, in: cluster).map { service in
      primitive(
        service.id, ["class": "ocf", "provider": "cluster", "type": "service"],
        [("unit", service.unit)] + (anchor.map { service.parameters(at: $0.address) } ?? []),
        operations: [
          ("monitor", policy.monitor.every, policy.monitor.timeout), ("start", .zero, .seconds(30)),
          ("stop", .zero, .seconds(30)),
        ])
    }
  }

  // MARK: Placement

  /// The address that nodes boot from: services run where it is.
  private var anchor: HighAvailabilityPolicy.Address? {
    policy.addresses.first { $0.network == cluster.bootNetwork?.name } ?? policy.addresses.first
  }

  private var placement: [CIBElement] {
    guard let anchor else { return [] }
    let first = ClusteredUnit.id(ofAddressOn: anchor.network)
    var elements: [CIBElement] = []
    for address in policy.addresses where address.network != anchor.network {
      elements.append(together(ClusteredUnit.id(ofAddressOn: address.network), with: first))
    }
    for service in ClusteredUnit.all(of: policy, in: cluster) {
      elements += [
        together(service.id, with: first),
        constraint(
          "rsc_order", "\(service.id)-after-\(first)", ["first": first, "then": service.id, "kind": "Mandatory"]),
      ]
    }
    if let preference { elements.append(preference(first)) }
    return elements
  }

  /// Where services go when both heads are up: with `manual` to the primary unless they already run somewhere, with
  /// `automatic` always to the primary, with `never` anywhere.
  private var preference: ((String) -> CIBElement)? {
    guard let primary = cluster.primary?.name else { return nil }
    let score: String
    switch policy.failback {
    case .manual: score = "50"
    case .automatic: score = "10000"
    case .never: return nil
    }
    return { resource in
      constraint("rsc_location", "prefer-\(primary)", ["rsc": resource, "node": primary.name, "score": score])
    }
  }

  private func together(_ resource: String, with other: String) -> CIBElement {
    constraint(
      "rsc_colocation", "\(resource)-with-\(other)", ["rsc": resource, "with-rsc": other, "score": "INFINITY"])
  }

  // MARK: XML

  private func constraint(_ name: String, _ id: String, _ attributes: [String: String]) -> CIBElement {
    let element = XMLElement(name, [.init("id", id)] + attributes.sorted { $0.key < $1.key }.map { .init($0, $1) })
    return CIBElement(section: .constraints, id: id, xml: element.canonical)
  }

  private func primitive(
    _ id: String, _ agent: [String: String], _ parameters: [(name: String, value: String)],
    operations: [(name: String, interval: Duration, timeout: Duration)]
  ) -> CIBElement {
    let values = parameters.map { name, value in
      XMLElement("nvpair", [.init("id", "\(id)-\(name)"), .init("name", name), .init("value", value)])
    }
    let actions = operations.map { name, interval, timeout in
      XMLElement(
        "op",
        [
          .init("id", "\(id)-\(name)"), .init("name", name), .init("interval", interval.pacemaker),
          .init("timeout", timeout.pacemaker),
        ])
    }
    let element = XMLElement(
      "primitive", [.init("id", id)] + agent.sorted { $0.key < $1.key }.map { .init($0, $1) },
      children: [
        .element(
          XMLElement("instance_attributes", [.init("id", "\(id)-parameters")], children: values.map { .element($0) })),
        .element(XMLElement("operations", children: actions.map { .element($0) })),
      ])
    return CIBElement(section: .resources, id: id, xml: element.canonical)
  }
}

extension Duration {
  /// `3s`, `500ms`: as Pacemaker reads it.
  fileprivate var pacemaker: String { milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms" }
}
