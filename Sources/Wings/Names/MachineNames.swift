// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The names of machines, one for each of their cards.
///
/// A machine's own name is that of the card by which heads and nodes meet. Others have its network's name behind it:
/// `node01-hpc`; and where several are on one network, a number from the second on: `node01-hpc2`.
package enum MachineNames {
  package struct Card: Sendable {
    package let name: String
    package let nic: NIC
    /// It is the machine's own.
    package let isOwn: Bool
  }

  /// The cards of all machines, heads first, in the order of the description.
  package static func all(in cluster: Cluster) -> [Card] {
    var cards: [Card] = []
    cards.reserveCapacity(cluster.heads.count + cluster.nodes.count)
    cards += of(cluster.heads, in: cluster)
    for node in cluster.nodes { add(node.name, node.nics, own: cluster.bootNIC(of: node) ?? node.nics.first, &cards) }
    return cards
  }

  /// The cards of heads.
  package static func of(_ heads: [Head], in cluster: Cluster) -> [Card] {
    let main = cluster.bootNetwork?.name
    var cards: [Card] = []
    for head in heads { add(head.name, head.nics, own: main.flatMap(head.nic) ?? head.nics.first, &cards) }
    return cards
  }

  private static func add(_ machine: HostID, _ nics: [NIC], own: NIC?, _ cards: inout [Card]) {
    guard let own else { return }
    cards.append(Card(name: machine.name, nic: own, isOwn: true))
    if nics.count == 1 { return }
    var seen: [String: Int] = [:]
    for nic in nics where nic != own {
      let count = (seen[nic.network] ?? 0) + 1
      seen[nic.network] = count
      cards.append(Card(name: "\(machine)-\(nic.network)" + (count > 1 ? "\(count)" : ""), nic: nic, isOwn: false))
    }
  }
}
