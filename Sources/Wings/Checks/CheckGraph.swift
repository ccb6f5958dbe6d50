// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Templates

/// The choice of checks of one order.
package struct CheckSelection: Hashable, Sendable {
  /// Sets, or SET/CHECK. Empty: all.
  package var names: [String]
  /// The kind that is asked for. Nil: all.
  package var kind: SetCheck.Kind?
  /// The machines that are asked for. Nil: all heads, and all nodes in service.
  package var machines: [HostID]?

  package init(_ names: [String] = [], kind: SetCheck.Kind? = nil, on machines: [HostID]? = nil) {
    self.names = names
    self.kind = kind
    self.machines = machines
  }

  /// Whether it is one of those that are asked for, and not only needed by one.
  func has(_ check: SetCheck) -> Bool {
    (names.isEmpty || names.contains(check.id.set) || names.contains("\(check.id)")) && kind ?? check.kind == check.kind
  }
}

/// The checks of an order with the machines that each is run on and the heads that run it, each after what it needs.
/// Pure: a function of the description and of who is active.
package struct CheckGraph: Sendable {
  /// The parts of one check that one head runs.
  package struct Group: Sendable {
    package var check: SetCheck
    package var host: HostID
    package var parts: [CheckGoal.Part]

    /// The machines that it is about, with peers.
    package var machines: Set<HostID> { Set(parts.map(\.machine) + parts.compactMap(\.peer)) }
  }

  package private(set) var groups: [Group] = []
  /// Checks that no machine of the order is there for.
  package private(set) var idle: [SetCheck] = []

  package init(_ selection: CheckSelection, _ cluster: Cluster, activeHead: HostID) throws(ErrandRefusal) {
    let checks = try Self.ordered(selection, cluster)
    let scope = try CheckScope(selection.machines, cluster, activeHead)
    var common: [String: [String: TemplateValue]] = [:]
    for check in checks {
      guard let set = cluster.sets.first(where: { $0.name == check.id.set }) else { continue }
      let values = common[set.name] ?? cluster.filledSets.values.of(set).common
      common[set.name] = values
      let found = try scope.places(check, set).map { place throws(ErrandRefusal) in
        let words = try Self.words(
          check, values, scope.machines[place.machine], place.peer.flatMap { scope.machines[$0] })
        return (
          place.host, CheckGoal.Part(machine: place.machine, peer: place.peer, address: place.address, words: words)
        )
      }
      if found.isEmpty { idle.append(check) }
      var hosts: [HostID] = []
      for (host, _) in found where !hosts.contains(host) { hosts.append(host) }
      groups += hosts.map { host in
        Group(check: check, host: host, parts: found.filter { $0.0 == host }.map(\.1))
      }
    }
  }

  /// The groups of a check.
  package func groups(of id: CheckID) -> [Group] { groups.filter { $0.check.id == id } }

  /// The checks that are asked for and those that they need, each after what it needs.
  private static func ordered(_ selection: CheckSelection, _ cluster: Cluster) throws(ErrandRefusal) -> [SetCheck] {
    let all = cluster.sets.flatMap(\.checks)
    for name in selection.names where !cluster.sets.contains(where: { $0.name == name }) {
      if all.contains(where: { "\($0.id)" == name }) { continue }
      throw ErrandRefusal(
        "nothing is tested", because: "no set or check `\(name)` is on",
        next: "`cluster package list` shows the sets, `cluster package show SET` the checks of one.")
    }
    let result = ordered(all.filter(selection.has), of: all)
    if result.isEmpty {
      throw ErrandRefusal(
        "nothing is tested", because: "the sets that are on have no such check",
        next:
          "`cluster package show SET` lists the checks of a set; `docs/howto/add-a-package-set.md` shows how to add one."
      )
    }
    return result
  }

  /// Checks with those of all that they need, each after what it needs.
  static func ordered(_ wanted: [SetCheck], of all: [SetCheck]) -> [SetCheck] {
    let byID = Dictionary(all.map { ($0.id, $0) }) { first, _ in first }
    var (done, result): (Set<CheckID>, [SetCheck]) = ([], [])
    func add(_ check: SetCheck) {
      guard done.insert(check.id).inserted else { return }
      for need in check.needs { if let needed = byID[need.id] { add(needed) } }
      result.append(check)
    }
    for check in wanted { add(check) }
    return result
  }

  private static func words(
    _ check: SetCheck, _ common: [String: TemplateValue], _ machine: CheckMachine?, _ peer: CheckMachine?
  ) throws(ErrandRefusal) -> [String] {
    let values = CheckVariables.values(common, on: machine, peer: peer)
    let templates: [Template] =
      switch check.program {
      case .words(let words): words
      case .script(_, let words): words
      }
    do throws(TemplateProblem) {
      return try templates.map { template throws(TemplateProblem) in
        try template.filled(values)
      }
    } catch {
      throw ErrandRefusal(
        "\(check.id) cannot be run", because: "a word of it cannot be filled in: \(error.detail)", next: error.help)
    }
  }
}

/// The machines of an order.
private struct CheckScope {
  struct Place {
    var host: HostID
    var machine: HostID
    var peer: HostID?
    var address: IPv4Address?
  }

  let machines: [HostID: CheckMachine]
  private let heads: [HostID]
  private let nodes: [ComputeNode]
  private let sets: [PackageSet]
  private let activeHead: HostID

  init(_ names: [HostID]?, _ cluster: Cluster, _ activeHead: HostID) throws(ErrandRefusal) {
    machines = CheckMachine.all(in: cluster)
    self.activeHead = activeHead
    sets = cluster.sets
    guard let names else {
      heads = cluster.heads.map(\.name)
      nodes = cluster.nodesInService
      return
    }
    let unknown = names.filter { [machines] in machines[$0] == nil }
    guard unknown.isEmpty else {
      throw ErrandRefusal(
        "nothing is tested", because: "the description has no machine \(HostlistText.fold(unknown))",
        next: "Name heads and nodes that it has.")
    }
    let chosen = Set(names)
    // A node that is out is tested where it is named: before it is taken into service.
    heads = cluster.heads.map(\.name).filter(chosen.contains)
    nodes = cluster.nodes.filter { chosen.contains($0.name) }
  }

  /// The nodes that a check of a set is about: those that have it, and that its condition names.
  private func nodes(_ check: SetCheck, _ set: PackageSet) -> [HostID] {
    let having = nodes.filter { set.isOn(in: $0.image) }
    guard let condition = check.condition else { return having.map(\.name) }
    let named = sets.first { $0.name == condition.set }
    return having.filter { named?.value(of: condition.setting, on: $0) == .flag(true) }.map(\.name)
  }

  func places(_ check: SetCheck, _ set: PackageSet) -> [Place] {
    let nodes = nodes(check, set)
    if check.account == .job {
      if nodes.isEmpty { return [] }
      return check.place == .oneNode
        ? [Place(host: activeHead, machine: activeHead)] : nodes.map { Place(host: activeHead, machine: $0) }
    }
    switch check.place {
    case .heads: return heads.map { Place(host: $0, machine: $0) }
    case .activeHead: return heads.filter { $0 == activeHead }.map { Place(host: $0, machine: $0) }
    case .eachNode: return nodes.map { node($0) }
    case .oneNode: return nodes.prefix(1).map { node($0) }
    case .pair:
      if nodes.count < 2 { return [] }
      return nodes.indices.map { node(nodes[$0], peer: nodes[($0 + 1) % nodes.count]) }
    }
  }

  private func node(_ name: HostID, peer: HostID? = nil) -> Place {
    Place(host: activeHead, machine: name, peer: peer, address: machines[name]?.address)
  }
}
