// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker

/// The answers that say how high availability stands, sorted out.
struct HighAvailabilityFacts {
  /// Pacemaker's own status, asked of a head with quorum where there is one. Nil: it runs nowhere that answers.
  let status: ClusterStatus?
  /// Heads that answered, with Corosync's state where it runs.
  private(set) var corosync: [HostID: CorosyncState?] = [:]
  private(set) var proofs: [HostID: FencingRecord] = [:]
  /// Proofs of further ways, by `FencingLevel.name`.
  private(set) var levels: [String: FencingRecord] = [:]
  /// The findings of heads on whose their BMC is.
  private(set) var owned: [HostID: FencingRecord] = [:]
  /// Why a head cannot tell something of this.
  private(set) var problems: [HostID: AgentError] = [:]
  /// Heads whose proof cannot be told.
  private(set) var unknownProofs: [HostID: AgentError] = [:]
  private(set) var links: [HostID: [LinkState]] = [:]
  /// The heads' copies of the replicated state.
  private(set) var replicas: [HostID: ReplicaState] = [:]
  /// The heads' words on when services go back to their head, by the file that they are in.
  private(set) var failbacks: [HostID: [String: ServiceReportState]] = [:]

  init(_ cluster: Cluster, _ inventory: Inventory) {
    let answers = Answers(inventory, uninstalled: [])
    var statuses: [ClusterStatus] = []
    var problems: [HostID: AgentError] = [:]
    func known<Value>(_ head: HostID, _ ask: () throws(Unreadable) -> Value?) -> Value? {
      do throws(Unreadable) { return try ask() } catch {
        switch error {
        case .unreachable(_, let error), .failed(_, let error): problems[head] = problems[head] ?? error
        case .unasked: break
        }
        return nil
      }
    }
    for head in cluster.heads.map(\.name) {
      if let status = known(head, { () throws(Unreadable) in try answers.clusterStatus(head) }) {
        statuses.append(status)
      }
      corosync[head] = known(head) { () throws(Unreadable) in try answers.answer(head, CorosyncProbe()) }
      owned[head] = known(head) { () throws(Unreadable) in try answers.answer(head, FencingProbe(head)) ?? nil }
      for level in cluster.heads.filter({ $0.name != head }).flatMap({ FencingLevel.all(of: $0) }) {
        let probe = FencingProbe(level.head, level: level.index)
        let record = known(head) { () throws(Unreadable) in try answers.answer(head, probe) ?? nil }
        if let record, record.provenAt > levels[level.name]?.provenAt ?? 0 { levels[level.name] = record }
      }
      if cluster.ha?.state?.replica != nil {
        replicas[head] = known(head) { () throws(Unreadable) in try answers.answer(head, ReplicaProbe(.anywhere)) }
      }
      for path in HighAvailabilityStatus.failbacks(cluster).map(Failback.report(of:)) {
        failbacks[head, default: [:]][path] = known(head) { () throws(Unreadable) in
          try answers.answer(head, ServiceReportProbe(path)) ?? nil
        }
      }
      links[head] = known(head) { () throws(Unreadable) in try answers.answer(head, LinksProbe()) }
      for other in cluster.heads.map(\.name) where other != head && inventory.isReachable(head) {
        do throws(Unreadable) {
          guard let record = try answers.answer(head, FencingProbe(other)) ?? nil else { continue }
          if record.provenAt > proofs[other]?.provenAt ?? 0 { proofs[other] = record }
        } catch {
          if case .failed(_, let error) = error { unknownProofs[other] = error }
        }
      }
    }
    self.problems = problems
    status = statuses.first(where: \.quorate) ?? statuses.first
  }

  func head(_ name: HostID, active: HostID?) -> HighAvailabilityStatus.Head {
    guard let node = status?.node(name.name) else {
      // Before Pacemaker runs: the head with the addresses serves, and no other one can take over.
      let online = corosync[name] != nil || links[name] != nil
      return .init(name: name, online: online, role: !online ? .offline : name == active ? .active : .paused)
    }
    return .init(name: name, online: node.online && !node.pending, role: role(of: node, active: name == active))
  }

  private func role(of node: ClusterStatus.Node, active: Bool) -> HighAvailabilityStatus.Head.Role {
    // Before the first election all members count as unclean.
    if node.unclean && status?.quorate == true { return .failed }
    if !node.online || node.pending { return .offline }
    if active { return .active }
    return node.standby || node.maintenance ? .paused : .standby
  }

  /// Where Pacemaker runs the address; without Pacemaker, the head that has it on an interface.
  func holder(of address: IPAddress, _ primitive: String) -> HostID? {
    if let resource = status?.resource(primitive) {
      return resource.active && !resource.failed ? place(of: resource) : nil
    }
    return links.filter { _, states in
      states.contains { $0.held.contains { $0.hasPrefix("\(address)/") } }
    }.keys.min()
  }

  func service(_ service: String, in unit: ClusteredUnit?) -> HighAvailabilityStatus.Service {
    guard let status, let unit, let resource = status.resource(unit.id) else {
      return .init(name: service, head: nil, state: .unknown)
    }
    let place = place(of: resource)
    let state: HighAvailabilityStatus.Service.State =
      switch resource.role {
      case "Starting": .starting
      case "Stopping": .stopping
      case _ where resource.active && place == nil: .unknown
      case _ where resource.active: resource.failed ? .failed : .running
      default: status.hasGivenUp(on: resource) ? .failed : .stopped
      }
    return .init(name: service, head: place, state: state)
  }

  /// The head that a resource is on. A head that failed still counts as its place for Pacemaker, until it is fenced.
  func place(of resource: ClusterStatus.Resource) -> HostID? {
    resource.nodes.first { status?.node($0)?.online == true }.map { HostID($0) }
  }
}

/// Whether a head is in the cluster that the others form: they fence one that goes without saying so.
struct HighAvailabilityMembership {
  /// A head that counts it in. Nil: none does.
  private(set) var member: HostID?
  /// Why that is not known. Nil: it is.
  private(set) var unknown: String?

  init(of head: HostID, _ sight: ErrandSight) {
    guard sight.cluster.ha != nil else { return }
    for other in sight.cluster.heads.map(\.name) where other != head {
      do throws(Unreadable) {
        let state = try sight.answers.answer(other, CorosyncProbe()) ?? nil
        if state?.members.contains(head.name) == true { member = member ?? other }
      } catch {
        switch error {
        case .unreachable(_, let error), .failed(_, let error): unknown = "\(other): \(error)"
        case .unasked: unknown = "\(other) was not asked"
        }
      }
    }
    if member != nil { unknown = nil }
  }
}
