// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// The input of checks across the file: the declarations with their places, and what they need to look up.
struct CheckContext: Sendable {
  let declaration: ClusterSection.Declaration
  let heads: [MachineGroup]
  let nodes: [MachineGroup]
  let networks: [String: NetworkSection.Declaration]
  /// Also those whose description could not be read.
  let networkNames: [String]
  /// The networks that machines boot from.
  let bootNetworks: [Named<NetworkSection.Declaration>]
  /// The network on which nodes meet the heads: see `Cluster.bootNetwork`.
  let bootNetwork: Named<NetworkSection.Declaration>?

  var groups: [MachineGroup] { heads + nodes }
  /// False when "no network does this" may be wrong.
  var knowsAllNetworks: Bool { !networks.isEmpty && declaration.networks.allSatisfy { $0.value?.servesAll ?? false } }

  init(_ declaration: ClusterSection.Declaration, _ problems: inout Problems) {
    self.declaration = declaration
    let names = declaration.networks.map(\.name.value)
    networkNames = names
    var networks: [String: NetworkSection.Declaration] = [:]
    for network in declaration.networks { networks[network.name.value] = network.value }
    self.networks = networks
    bootNetworks = declaration.networks.filter { $0.value?.serves(.boot) ?? false }
    let relay = bootNetworks.first.flatMap { $0.value?.relay?.value }
    bootNetwork =
      bootNetworks.first { $0.value?.relay == nil } ?? declaration.networks.first { $0.name.value == relay }
    heads = declaration.heads.map { head in
      MachineGroup(
        names: [HostID(head.name.value)], nameSpan: head.name.span, nics: head.value?.nics ?? [],
        knownNetworks: names, bmc: head.value?.bmc)
    }
    nodes = Self.expand(declaration.nodes, names, &problems)
  }

  /// Bounded over all groups together: each hostlist alone may be as large as the limit.
  private static func expand(
    _ groups: [Located<NodeGroupSection.Declaration>], _ knownNetworks: [String], _ problems: inout Problems
  ) -> [MachineGroup] {
    var total = 0
    return groups.compactMap { group in
      guard let names = group.value.names else { return nil }
      guard total + names.value.count <= SpecLimits.names else {
        problems.error(
          .tooManyNames, "With this group the cluster has more than \(SpecLimits.names) nodes.",
          help: "Check the ranges for a digit too many.", at: names.span)
        return nil
      }
      total += names.value.count
      return MachineGroup(
        names: names.value.expanded(), nameSpan: names.span, nics: group.value.nics, knownNetworks: knownNetworks,
        bmc: group.value.bmc, power: group.value.power)
    }
  }

  /// The network by which the heads are reached from another one: itself, or the one that its relay leads to.
  func entry(of network: Named<NetworkSection.Declaration>) -> String {
    network.value?.relay?.value ?? network.name.value
  }

  /// The network that an address is in.
  func network(of address: IPv4Address) -> String? {
    declaration.networks.first { $0.value?.cidr?.value.contains(address) == true }?.name.value
  }

  /// All service addresses with their networks: those of `ha: addresses:`, and of groups that are spread.
  var serviceAddresses: [(network: String, address: Located<IPv4Address>)] {
    guard let policy = declaration.ha?.value else { return [] }
    return policy.addresses.compactMap { entry in
      entry.value.map { (entry.name.value, Located($0, entry.valueSpan)) }
    }
      + policy.spread.compactMap { group in
        group.value?.address.flatMap { address in network(of: address.value).map { ($0, address) } }
      }
  }

  /// Reports heads that have no card where a service address is.
  func checkHeads(holdAddressOn network: String, at span: SourceSpan, _ problems: inout Problems) {
    for head in heads where head.isWhole && head.nic(on: network) == nil {
      problems.error(
        .serviceAddressHead,
        "\(head.label) cannot hold the service address on `\(network)`: it has no network interface there.",
        help: "A service address moves between the heads, so each needs an interface on its network.",
        at: span, notes: [.init(text: "the head", span: head.nameSpan)])
    }
  }

  /// Reports a name that no network has.
  func check(network name: Located<String>, _ problems: inout Problems) {
    guard !networkNames.contains(name.value) else { return }
    problems.unknown(.unknownNetwork, "network", name, among: networkNames)
  }
}

extension Problems {
  mutating func unknown(_ code: Diagnostic.Code, _ what: String, _ name: Located<String>, among known: [String]) {
    let listed = known.prefix(12).map { "`\(shown($0))`" }.joined(separator: ", ") + (known.count > 12 ? ", …" : "")
    error(
      code, "There is no \(what) `\(shown(name.value))`.",
      help: known.isEmpty ? "None is described in this file." : "Described are: \(listed).", at: name.span,
      fixIts: closest(to: name.value, among: known).map { [.suggestion($0, at: name.span)] } ?? [])
  }
}

/// Machines that are alike: one head, or the nodes of a group with their names expanded.
final class MachineGroup: Sendable {
  let names: [HostID]
  let nameSpan: SourceSpan
  let nics: [Named<NICDeclaration>]
  /// Whether all NICs could be read, on networks that exist: else "it has no NIC there" may be wrong.
  let isWhole: Bool
  let bmc: Located<BMCDeclaration>?
  let power: Located<FenceAgentSection.Declaration>?

  init(
    names: [HostID], nameSpan: SourceSpan, nics: [Named<NICDeclaration>], knownNetworks: [String],
    bmc: Located<BMCDeclaration>?, power: Located<FenceAgentSection.Declaration>? = nil
  ) {
    self.names = names
    self.nameSpan = nameSpan
    self.nics = nics
    self.bmc = bmc
    self.power = power
    isWhole =
      !nics.isEmpty && nics.allSatisfy { nic in nic.value?.network.map { knownNetworks.contains($0.value) } ?? false }
  }

  /// "`node001` and 63 more", for messages.
  var label: String {
    guard let first = names.first else { return "no machine" }
    return names.count == 1 ? "`\(first)`" : "`\(first)` and \(names.count - 1) more"
  }

  /// The verb that fits the label.
  func verb(_ singular: String, _ plural: String) -> String { names.count == 1 ? singular : plural }

  func nic(on network: String) -> Named<NICDeclaration>? { nics.first { $0.value?.network?.value == network } }

  /// The card that a node boots by: see `Cluster.bootNIC`.
  func bootNIC(_ context: CheckContext) -> Named<NICDeclaration>? {
    nics.first { nic in
      guard let value = nic.value, value.made(nic.name.value) == nil, let network = value.network?.value else {
        return false
      }
      return context.networks[network]?.serves(.boot) == true
    }
  }
}
