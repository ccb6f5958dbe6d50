// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension Heads: StatusSection {
  package static func statusQuestions(_ cluster: Cluster) -> [Question] {
    cluster.heads.flatMap { head in
      [Question(head.name, SystemProbe())]
        + cluster.heads.filter { $0.cloneOf == head.name && $0.name != head.name }
        .map { Question(head.name, CloneProbe($0.name)) }
    }
  }

  package static func tell(_ report: inout StatusReport, _ cluster: Cluster, _ inventory: Inventory) {
    let addresses = HighAvailabilityStatus.read(cluster, inventory)?.addresses ?? []
    let active = cluster.bootNetwork.flatMap { network in addresses.first { $0.network == network.name }?.holder }
    report.heads = cluster.heads.map { head($0, cluster, inventory, active: active) }
  }

  private static func head(_ head: Head, _ cluster: Cluster, _ inventory: Inventory, active: HostID?)
    -> StatusReport.Head
  {
    guard inventory.isReachable(head.name) else {
      var reason: String?
      if case .unreachable(let error) = inventory.hosts[head.name] { reason = "\(error); \(error.next)" }
      return .init(name: head.name.name, online: false, role: .offline, image: nil, detail: reason)
    }
    let role: StatusReport.Head.Role =
      cluster.heads.count == 1 ? .single : active == head.name ? .active : .standby
    return .init(name: head.name.name, online: true, role: role, image: origin(head, inventory), detail: nil)
  }

  /// The capture that a clone was installed from is known to the head that installed it.
  private static func origin(_ head: Head, _ inventory: Inventory) -> String? {
    let answers = Answers(inventory, blank: [])
    for other in inventory.hosts.keys {
      if let record = (try? answers.answer(other, CloneProbe(head.name))) ?? nil, let parent = head.cloneOf {
        return "clone of \(parent) (\(record.capture.prefix(12)))"
      }
    }
    return (try? answers.answer(head.name, SystemProbe()))?.operatingSystem
  }
}
