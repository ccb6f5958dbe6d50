// SPDX-License-Identifier: Apache-2.0
import Templates

/// All that the words of a check may read, as types and as values of one cluster. A test compares the two.
package enum CheckVariables {
  private static let machine: TemplateType = .object([
    "name": .text, "fqdn": .text, "address": .text, "is_head": .flag,
  ])

  /// - Parameter hasPeer: it runs on pairs.
  package static func types(_ settings: [String: TemplateType], hasPeer: Bool) -> [String: TemplateType] {
    var types = SetVariables.types(settings, on: .images)
    types["machine"] = machine
    if hasPeer { types["peer"] = machine }
    return types
  }

  /// The values for one machine, with the set's own at hand: they are the same for all, and large.
  package static func values(
    _ common: [String: TemplateValue], on machine: CheckMachine?, peer: CheckMachine?
  ) -> [String: TemplateValue] {
    var values = common
    values["machine"] = machine?.value
    values["peer"] = peer?.value
    return values
  }
}

/// A machine as checks see it.
package struct CheckMachine: Sendable {
  package let name: HostID
  package let isHead: Bool
  /// The address at which it is known on the boot network, or its first one.
  package let address: IPv4Address?
  let value: TemplateValue

  private init(_ name: HostID, _ address: IPv4Address?, isHead: Bool, _ cluster: Cluster) {
    self.name = name
    self.isHead = isHead
    self.address = address
    let fqdn = "\(name).\(cluster.domain)"
    value = .object([
      "name": .text(name.name), "fqdn": .text(fqdn), "address": .text(address.map { "\($0)" } ?? fqdn),
      "is_head": .flag(isHead),
    ])
  }

  package static func all(in cluster: Cluster) -> [HostID: CheckMachine] {
    let main = cluster.bootNetwork?.name
    let heads = cluster.heads.map { head in
      let nic = main.flatMap(head.nic) ?? head.nics.first
      return (head.name, CheckMachine(head.name, nic?.address, isHead: true, cluster))
    }
    let nodes = cluster.nodes.map { node in
      let nic = cluster.bootNIC(of: node) ?? node.nics.first
      return (node.name, CheckMachine(node.name, nic?.address, isHead: false, cluster))
    }
    return Dictionary(heads + nodes) { first, _ in first }
  }
}
