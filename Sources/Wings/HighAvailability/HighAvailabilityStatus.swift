// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

/// Who holds the service addresses, where each service runs, and whether a head may fail now: for `cluster status`.
package struct HighAvailabilityStatus: Hashable, Sendable {
  package struct Head: Hashable, Sendable {
    package enum Role: String, Hashable, Sendable {
      /// It holds the service addresses.
      case active
      /// It would take over.
      case standby
      /// It is up, and must not run anything.
      case paused
      /// It failed, and has not been fenced yet.
      case failed
      case offline
    }

    package var name: HostID
    package var online: Bool
    package var role: Role
  }

  package struct Address: Hashable, Sendable {
    package var network: String
    package var address: IPAddress
    /// The head that has it, if any.
    package var holder: HostID?
  }

  package struct Service: Hashable, Sendable {
    package enum State: String, Hashable, Sendable { case running, starting, stopping, stopped, failed, unknown }

    package var name: String
    package var head: HostID?
    package var state: State
  }

  package struct Condition: Hashable, Sendable {
    package var name: String
    package var ok: Bool
    package var detail: String
  }

  package var heads: [Head]
  package var addresses: [Address]
  package var services: [Service]
  package var conditions: [Condition]

  /// Whether a head may fail now: all conditions hold.
  package var armed: Bool { conditions.allSatisfy(\.ok) }
}

extension HighAvailabilityStatus {
  /// The questions to ask before `read`.
  package static func questions(_ cluster: Cluster) -> [Question] {
    guard cluster.ha != nil else { return [] }
    return cluster.heads.flatMap { head -> [Question] in
      var questions = [
        Question(head.name, CrmMonProbe()), Question(head.name, CorosyncProbe()), Question(head.name, LinksProbe()),
      ]
      if cluster.ha?.state?.replica != nil { questions.append(Question(head.name, ReplicaProbe(.anywhere))) }
      questions += cluster.heads.map { Question(head.name, FencingProbe($0.name)) }
      for level in cluster.heads.filter({ $0.name != head.name }).flatMap(FencingLevel.all) {
        questions.append(Question(head.name, FencingProbe(level.head, level: level.index)))
      }
      questions += failbacks(cluster).map { Question(head.name, ServiceReportProbe(Failback.report(of: $0))) }
      return questions + reports(cluster).map { Question(head.name, ServiceReportProbe($0.path)) }
    }
  }

  /// The groups for which a resource finds out when they go back; nil is those at the service addresses.
  static func failbacks(_ cluster: Cluster) -> [String?] {
    guard let policy = cluster.ha, policy.failback == .lazy else { return [] }
    return [nil] + policy.spread.map { Optional($0.name) }
  }

  /// The state of high availability; nil when the description has no `ha:`. Heads that did not answer count as
  /// offline unless another head says otherwise.
  package static func read(_ cluster: Cluster, _ inventory: Inventory) -> HighAvailabilityStatus? {
    guard let policy = cluster.ha else { return nil }
    let facts = HighAvailabilityFacts(cluster, inventory)
    let units = ClusteredUnit.all(of: policy, in: cluster)
    let addresses = policy.addressPrimitives.map { id, network, address in
      Address(network: network, address: address, holder: facts.holder(of: address, id))
    }
    let active = (addresses.first { $0.network == cluster.bootNetwork?.name } ?? addresses.first)?.holder
    return HighAvailabilityStatus(
      heads: cluster.heads.map { facts.head($0.name, active: active) }, addresses: addresses,
      services: policy.services.map { service in
        facts.service(service.name, in: units.first { $0.services.contains(service.name) })
      },
      conditions: HighAvailabilityConditions(cluster: cluster, policy: policy, facts: facts, now: inventory.observedAt)
        .all)
  }
}

extension HighAvailability: StatusSection {
  package static func statusQuestions(_ cluster: Cluster) -> [Question] { HighAvailabilityStatus.questions(cluster) }

  package static func tell(_ report: inout StatusReport, _ cluster: Cluster, _ inventory: Inventory) {
    guard let status = HighAvailabilityStatus.read(cluster, inventory) else { return }
    report.ha = .init(
      armed: status.armed,
      conditions: status.conditions.map { .init(name: $0.name, ok: $0.ok, detail: $0.detail) })
    report.addresses += status.addresses.map {
      .init(network: $0.network, address: "\($0.address)", holder: $0.holder?.name)
    }
    let paths = Dictionary(HighAvailabilityStatus.reports(cluster).map { ($0.service, $0.path) }) { first, _ in first }
    let answers = Answers(inventory, uninstalled: [])
    report.services += status.services.map { service in
      var line = StatusReport.Service(name: service.name, head: service.head?.name, state: service.state.rawValue)
      if let path = paths[service.name], let head = service.head, service.state == .running {
        line.report = HighAvailabilityStatus.report(path, on: head, answers)
      }
      return line
    }
  }
}
