// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The heads as the planner needs them: who may hold the service address, in the order of preference.
package struct HeadOrder: Sendable {
  package var primary: HostID
  package var others: [HostID]
  /// Moves between the heads: whoever has it serves. Nil when the spec has no high availability.
  package var serviceAddress: IPv4Address?
  package var sight: HeadSight

  package init(primary: HostID, others: [HostID] = [], serviceAddress: IPv4Address? = nil, sight: HeadSight) {
    self.primary = primary
    self.others = others
    self.serviceAddress = serviceAddress
    self.sight = sight
  }

  /// As a description has them. One without heads, which no reader lets through, has a head that nobody can reach.
  package init(_ cluster: Cluster, sight: HeadSight) {
    let names = cluster.heads.map(\.name)
    let primary = cluster.primary?.name ?? names.first ?? HostID("none")
    let boot = cluster.bootNetwork?.name
    self.init(
      primary: primary, others: names.filter { $0 != primary },
      serviceAddress: cluster.ha?.addresses.first { $0.network == boot }?.address, sight: sight)
  }

  package var all: [HostID] { [primary] + others }

  /// The head that holds the service address; without a holder, the first that answers.
  package func active(in inventory: Inventory) -> HostID {
    let reachable = all.filter(inventory.isReachable)
    let answers = Answers(inventory, uninstalled: [])
    if let serviceAddress, let holder = reachable.first(where: { sight.holds($0, serviceAddress, answers) }) {
      return holder
    }
    return reachable.first ?? primary
  }
}
