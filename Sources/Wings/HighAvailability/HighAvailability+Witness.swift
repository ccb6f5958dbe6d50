// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker

extension HighAvailability {
  /// Who serves is told by its addresses, who is in the cluster by Corosync.
  package static let sight = HeadSight(
    serving: [AnyProbe(LinksProbe())],
    holds: { head, address, answers in
      let links = try? answers.answer(head, LinksProbe())
      return links?.contains { $0.addresses.contains { $0.hasPrefix("\(address)/") } } ?? false
    },
    membership: [AnyProbe(CorosyncProbe())],
    members: { (head, answers) throws(Unreadable) in
      try (answers.answer(head, CorosyncProbe()) ?? nil)?.members.map { HostID($0) }
    })

  /// Knowledge of the other heads about one that does not answer: whether they have installed it, whether its power is
  /// on, and whether it is in their cluster.
  package static func witness(_ cluster: Cluster) -> HeadWitness {
    HeadWitness(
      questions: { silent in
        let others = cluster.heads.map(\.name).filter { $0 != silent }
        return Dictionary(uniqueKeysWithValues: others.map { ($0, questions(about: silent, to: $0, cluster)) })
      },
      judge: { silent, inventory in judge(silent, cluster, inventory) })
  }

  private static func questions(about silent: HostID, to other: HostID, _ cluster: Cluster) -> [AnyProbe] {
    guard let head = cluster.heads.first(where: { $0.name == silent }) else { return [] }
    var probes: [AnyProbe] = []
    if head.cloneOf == other { probes.append(AnyProbe(CloneProbe(silent))) }
    if let address = HeadClones.address(of: head, cluster) { probes.append(AnyProbe(SSHPortProbe(address))) }
    if let bmc = head.bmc { probes.append(AnyProbe(PowerProbe(bmc))) }
    return probes + HighAvailabilityStatus.questions(cluster).filter { $0.host == other }.map(\.probe)
  }

  /// Judges by the answers alone: a question that was not asked or answered proves nothing.
  static func judge(_ silent: HostID, _ cluster: Cluster, _ inventory: Inventory) -> Absence {
    guard let head = cluster.heads.first(where: { $0.name == silent }) else {
      return .mayHold("the description does not name it")
    }
    let answers = Answers(inventory, uninstalled: [])
    func told<P: Probe>(_ probe: P) -> [P.Answer] {
      inventory.hosts.keys.compactMap { try? answers.answer($0, probe) }
    }
    let states = told(CorosyncProbe()).compactMap(\.self)
    if states.contains(where: { $0.members.contains(silent.name) }) {
      return .mayHold("it is up, and in the cluster of the other heads")
    }
    if let bmc = head.bmc, told(PowerProbe(bmc)).contains(.off) { return .cannotHold }
    if let address = HeadClones.address(of: head, cluster), told(SSHPortProbe(address)).contains(true) {
      return .mayHold("it cannot be reached from here, but something speaks SSH at \(address)")
    }
    if told(CloneProbe(silent)).contains(nil) { return .cannotHold }
    let others = cluster.heads.map(\.name).filter { $0 != silent }
    if states.contains(where: \.quorate), told(CrmMonProbe()).contains(where: { $0 != nil }),
      isFenced(silent, cluster, inventory)
    {
      return .hasLeft
    }
    return .mayHold("\(others.map(\.name).joined(separator: ", ")) cannot tell that it is off")
  }

  /// Pacemaker counts a head that failed as unclean until it has been fenced.
  private static func isFenced(_ silent: HostID, _ cluster: Cluster, _ inventory: Inventory) -> Bool {
    guard let status = HighAvailabilityStatus.read(cluster, inventory) else { return false }
    return status.heads.contains { $0.name == silent && !$0.online && $0.role == .offline }
  }
}
