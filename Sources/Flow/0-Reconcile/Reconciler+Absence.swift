// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Wings

extension Reconciler {
  /// What the other heads know of one that does not answer: whether they have installed it, whether its power is on,
  /// and whether it is in their cluster.
  var headWitness: HeadWitness {
    HeadWitness(
      questions: { [cluster] silent in
        let others = cluster.heads.map(\.name).filter { $0 != silent }
        return Dictionary(uniqueKeysWithValues: others.map { ($0, Self.questions(about: silent, to: $0, cluster)) })
      },
      judge: { [cluster] silent, answers in Self.judge(silent, cluster, answers) })
  }

  private static func questions(about silent: HostID, to other: HostID, _ cluster: Cluster) -> [Probe] {
    guard let head = cluster.heads.first(where: { $0.name == silent }) else { return [] }
    var probes: [Probe] = []
    if head.cloneOf == other { probes.append(.clone(head: silent)) }
    if let bmc = head.bmc { probes.append(.power(bmc)) }
    return probes + HighAvailabilityStatus.questions(cluster).filter { $0.host == other }.map(\.probe)
  }

  static func judge(_ silent: HostID, _ cluster: Cluster, _ inventory: Inventory) -> Absence {
    guard let head = cluster.heads.first(where: { $0.name == silent }) else {
      return .mayHold("the description does not name it")
    }
    let answers = inventory.hosts.values.compactMap { state in
      if case .answered(let answers) = state { answers } else { nil }
    }
    let states = answers.compactMap { answers -> CorosyncState? in
      if case .corosync(let state) = answers[.corosync] { state } else { nil }
    }
    if states.contains(where: { $0.members.contains(silent.name) }) {
      return .mayHold("it is up, and in the cluster of the other heads")
    }
    for answers in answers {
      if let bmc = head.bmc, case .power(.off) = answers[.power(bmc)] { return .cannotHold }
      if case .clone(nil) = answers[.clone(head: silent)] { return .cannotHold }
    }
    let others = cluster.heads.map(\.name).filter { $0 != silent }
    if states.contains(where: \.quorate), isFenced(silent, cluster, inventory) { return .hasLeft }
    return .mayHold("\(others.map(\.name).joined(separator: ", ")) cannot tell that it is off")
  }

  /// Pacemaker counts a head that failed as unclean until it has been fenced.
  private static func isFenced(_ silent: HostID, _ cluster: Cluster, _ inventory: Inventory) -> Bool {
    let seen = inventory.hosts.values.contains { state in
      if case .answered(let answers) = state, case .crmMon(_?) = answers[.crmMon] { true } else { false }
    }
    guard seen, let status = HighAvailabilityStatus.read(cluster, inventory) else { return false }
    return status.heads.contains { $0.name == silent && !$0.online && $0.role == .offline }
  }
}
