// SPDX-License-Identifier: Apache-2.0
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
  private static let cluster: TemplateType = .object([
    "name": .text, "domain": .text, "service_address": .optional(.text),
    "networks": .list(.object(network)), "heads": .list(.object(head)), "nodes": .list(.object(node)),
  ])

  /// - Parameter onHeads: files of heads know which head they are on; what is in an image is on many nodes.
  package static func types(_ settings: [String: TemplateType], onHeads: Bool) -> [String: TemplateType] {
    var types: [String: TemplateType] = ["cluster": cluster, "set": .object(settings)]
    if onHeads { types["head"] = .object(head) }
    return types
  }

  /// - Parameter serviceAddress: where nodes find the heads.
  package static func values(
    of set: PackageSet, in cluster: Cluster, serviceAddress: IPv4Address?, on head: Head? = nil
  ) -> [String: TemplateValue] {
    let settings = Dictionary(set.settings.map { ($0.name, $0.value) }) { first, _ in first }
    var values: [String: TemplateValue] = [
      "set": .object(settings),
      "cluster": .object([
        "name": .text(cluster.name), "domain": .text(cluster.domain),
        "service_address": optional(serviceAddress),
        "networks": .list(cluster.networks.map(value)),
        "heads": .list(cluster.heads.map { value($0, cluster) }),
        "nodes": .list(cluster.nodes.map { value($0, cluster) }),
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

  private static func value(_ node: ComputeNode, _ cluster: Cluster) -> TemplateValue {
    let address = cluster.bootNetwork.flatMap { boot in node.nics.first { $0.network == boot.name }?.address }
    return .object([
      "name": .text(node.name.name), "fqdn": .text("\(node.name).\(cluster.domain)"),
      "boot_address": optional(address), "image": .text(node.image),
    ])
  }
}
