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
  private static func cluster(_ ofNodes: [String: TemplateType]) -> TemplateType {
    let node = node.merging(["set": .object(ofNodes)]) { first, _ in first }
    return .object([
      "name": .text, "domain": .text, "service_address": .optional(.text), "state": .optional(.text),
      "networks": .list(.object(network)), "heads": .list(.object(head)), "nodes": .list(.object(node)),
    ])
  }

  /// - Parameter onHeads: files of heads know which head they are on; what is in an image is on many nodes.
  /// - Parameter ofNodes: settings that may differ between nodes.
  package static func types(
    _ settings: [String: TemplateType], ofNodes: [String: TemplateType] = [:], onHeads: Bool
  ) -> [String: TemplateType] {
    var types: [String: TemplateType] = ["cluster": cluster(ofNodes), "set": .object(settings)]
    if onHeads { types["head"] = .object(head) }
    return types
  }

  /// - Parameter serviceAddress: where nodes find the heads.
  package static func values(
    of set: PackageSet, in cluster: Cluster, serviceAddress: IPv4Address?, on head: Head? = nil
  ) -> [String: TemplateValue] {
    let settings = Dictionary(set.settings.map { ($0.name, $0.value) }) { first, _ in first }
    let groups = Groups(set)
    let state: TemplateValue = cluster.ha?.state.map { .text($0.path) } ?? .none
    var values: [String: TemplateValue] = [
      "set": .object(settings),
      "cluster": .object([
        "name": .text(cluster.name), "domain": .text(cluster.domain),
        "service_address": optional(serviceAddress), "state": state,
        "networks": .list(cluster.networks.map(value)),
        "heads": .list(cluster.heads.map { value($0, cluster) }),
        "nodes": .list(cluster.nodes.map { value($0, cluster, groups) }),
      ]),
    ]
    if let head { values["head"] = value(head, cluster) }
    return values
  }

  private static func optional(_ address: IPv4Address?) -> TemplateValue {
    address.map { .text("\($0)") } ?? .none
  }

  private static func value(_ network: Network) -> TemplateValue {
    .object([
      "name": .text(network.name), "cidr": .text("\(network.cidr)"), "address": .text("\(network.cidr.address)"),
      "netmask": .text("\(network.cidr.mask)"), "prefix": .number(network.cidr.prefix),
      "gateway": optional(network.gateway),
    ])
  }

  private static func value(_ head: Head, _ cluster: Cluster) -> TemplateValue {
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

  /// The settings of a set that may differ between nodes, made once for each group.
  private struct Groups {
    let usual: TemplateValue
    let others: [SourceSpan: TemplateValue]

    init(_ set: PackageSet) {
      let values = set.settings.filter(\.isOfNodes).map { ($0.name, $0.value) }
      let usual = Dictionary(values) { first, _ in first }
      self.usual = .object(usual)
      others = set.ofGroups.mapValues { own in .object(usual.merging(own) { _, own in own }) }
    }

    subscript(node: ComputeNode) -> TemplateValue { others[node.source] ?? usual }
  }

  private static func value(_ node: ComputeNode, _ cluster: Cluster, _ groups: Groups) -> TemplateValue {
    let address = cluster.bootNetwork.flatMap { boot in node.nics.first { $0.network == boot.name }?.address }
    return .object([
      "name": .text(node.name.name), "fqdn": .text("\(node.name).\(cluster.domain)"),
      "boot_address": optional(address), "image": .text(node.image),
      "set": groups[node],
    ])
  }
}
