// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Templates

/// All that the templates of a set may read, as types and as values of one cluster. A test compares the two.
package enum SetVariables {
  private static let network: [String: TemplateType] = [
    "name": .text, "cidr": .text, "address": .text, "netmask": .text, "prefix": .number, "gateway": .optional(.text),
  ]
  private static let nic: [String: TemplateType] = [
    "interface": .text, "network": .text, "address": .text, "prefix": .number,
  ]
  private static let head: [String: TemplateType] = [
    "name": .text, "fqdn": .text, "boot_address": .optional(.text), "nics": .list(.object(nic)),
  ]
  private static let node: [String: TemplateType] = [
    "name": .text, "fqdn": .text, "boot_address": .optional(.text), "image": .text,
  ]
  /// The fields that nodes of one image and one group have alike.
  static let sharedByKin: Set<String> = ["image", setName]

  /// - Parameter ofNodes: settings that may differ between nodes.
  private static func node(_ ofNodes: [String: TemplateType]) -> TemplateType {
    .object(node.merging([setName: .object(ofNodes)]) { first, _ in first })
  }

  private static func cluster(_ node: TemplateType) -> TemplateType {
    .object([
      "name": .text, "domain": .text, "service_address": .optional(.text), "state": .optional(.text),
      "networks": .list(.object(network)), "heads": .list(.object(head)), "nodes": .list(node),
    ])
  }

  /// The machines that a file is for.
  package enum Machines: Sendable {
    /// It knows which head it is on.
    case heads
    /// One file for all nodes.
    case images
    /// A live file: it knows which node it is on.
    case nodes
  }

  package static func types(
    _ settings: [String: TemplateType], ofNodes: [String: TemplateType] = [:], on machines: Machines
  ) -> [String: TemplateType] {
    let node = node(ofNodes)
    var types: [String: TemplateType] = ["cluster": cluster(node), setName: .object(settings)]
    switch machines {
    case .heads: types[headName] = .object(head)
    case .nodes: types[nodeName] = node
    case .images: break
    }
    return types
  }

  package static let headName = "head"
  package static let nodeName = "node"
  fileprivate static let setName = "set"

  fileprivate static func optional(_ address: IPv4Address?) -> TemplateValue {
    address.map { .text("\($0)") } ?? .none
  }

  fileprivate static func value(_ network: Network) -> TemplateValue {
    .object([
      "name": .text(network.name), "cidr": .text("\(network.cidr)"), "address": .text("\(network.cidr.address)"),
      "netmask": .text("\(network.cidr.mask)"), "prefix": .number(network.cidr.prefix),
      "gateway": optional(network.gateway),
    ])
  }

  fileprivate static func value(_ head: Head, _ cluster: Cluster) -> TemplateValue {
    .object([
      "name": .text(head.name.name), "fqdn": .text("\(head.name).\(cluster.domain)"),
      "boot_address": optional(cluster.bootNetwork.flatMap { head.nic(on: $0.name)?.address }),
      "nics": .list(
        head.nics.map { nic in
          .object([
            "interface": .text(nic.name), "network": .text(nic.network), "address": .text("\(nic.address)"),
            "prefix": .number(cluster.network(nic.network)?.cidr.prefix ?? 32),
          ])
        }),
    ])
  }

  fileprivate static func fields(_ node: ComputeNode, _ cluster: Cluster) -> [String: TemplateValue] {
    let address = cluster.bootNIC(of: node)?.address
    return [
      "name": .text(node.name.name), "fqdn": .text("\(node.name).\(cluster.domain)"),
      "boot_address": optional(address), "image": .text(node.image),
    ]
  }

  fileprivate static func node(_ fields: [String: TemplateValue], _ settings: TemplateValue) -> TemplateValue {
    var fields = fields
    fields[setName] = settings
    return .object(fields)
  }
}

/// The values of one cluster for all sets, made once: with ten thousand nodes they are most of the work.
package struct SetValues: Sendable {
  /// Nodes with the same settings.
  package struct Kin: Hashable, Sendable {
    let image: String
    /// The place of the group.
    let group: SourceSpan

    package init(_ node: ComputeNode) { (image, group) = (node.image, node.source) }
  }

  private struct Node {
    var name: HostID
    var kin: Kin
    /// Without settings.
    var fields: [String: TemplateValue]
  }

  private let cluster: [String: TemplateValue]
  private let heads: [HostID: TemplateValue]
  /// In the order of the description.
  private let nodes: [Node]
  /// The nodes for sets without settings of single nodes, which are most.
  private let plain: [Own.Node]

  package init(_ cluster: Cluster) {
    let heads = cluster.heads.map { ($0.name, SetVariables.value($0, cluster)) }
    nodes = cluster.nodes.map {
      Node(
        name: $0.name, kin: Kin($0), fields: SetVariables.fields($0, cluster))
    }
    plain = nodes.map {
      Own.Node(name: $0.name, kin: $0.kin, value: SetVariables.node($0.fields, .object([:])))
    }
    self.heads = Dictionary(heads) { first, _ in first }
    let state: TemplateValue = cluster.ha?.state.map { .text($0.path) } ?? .none
    self.cluster = [
      "name": .text(cluster.name), "domain": .text(cluster.domain),
      "service_address": SetVariables.optional(cluster.serviceAddress), "state": state,
      "networks": .list(cluster.networks.map(SetVariables.value)), "heads": .list(heads.map(\.1)),
    ]
  }

  /// The values for one set, which may have settings of single nodes. Its templates see the nodes that have it.
  package func of(_ set: PackageSet) -> Own {
    let settings = Dictionary(set.settings.map { ($0.name, $0.value) }) { first, _ in first }
    let each = eachNode(set)
    var cluster = cluster
    cluster["nodes"] = .list(each.map(\.value))
    return Own(
      common: ["cluster": .object(cluster), SetVariables.setName: .object(settings)], heads: heads, eachNode: each)
  }

  private func eachNode(_ set: PackageSet) -> [Own.Node] {
    let ofNodes = set.settings.filter(\.isOfNodes).map { ($0.name, $0.value) }
    if ofNodes.isEmpty, set.images == nil { return plain }
    let usual = Dictionary(ofNodes) { first, _ in first }
    // Made once for all nodes that have the same.
    var known: [Kin: TemplateValue] = [:]
    return nodes.filter { set.isOn(in: $0.kin.image) }.map { node in
      let settings =
        known[node.kin]
        ?? .object(
          usual.merging(set.ofImages[node.kin.image] ?? [:]) { _, own in own }
            .merging(set.ofGroups[node.kin.group] ?? [:]) { _, own in own })
      known[node.kin] = settings
      return Own.Node(name: node.name, kin: node.kin, value: SetVariables.node(node.fields, settings))
    }
  }

  /// The values of one set's templates.
  package struct Own: Sendable {
    /// One that has the set, with the value of `node`.
    package struct Node: Sendable {
      package let name: HostID
      let kin: Kin
      package let value: TemplateValue
    }

    /// For an image.
    package let common: [String: TemplateValue]
    fileprivate let heads: [HostID: TemplateValue]
    /// In the order of the description.
    package let eachNode: [Node]

    package func on(_ head: HostID?) -> [String: TemplateValue] {
      guard let head else { return common }
      var values = common
      values[SetVariables.headName] = heads[head]
      return values
    }
  }
}
