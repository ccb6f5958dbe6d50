// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Networks among themselves, and with what the heads are to serve on them.
struct NetworkChecks {
  let cluster: Cluster
  init(_ cluster: Cluster) { self.cluster = cluster }

  var problems: [Diagnostic] { overlaps + cluster.networks.flatMap(each) + bootNetworks }

  private var overlaps: [Diagnostic] {
    cluster.networks.enumerated().flatMap { index, network in
      cluster.networks[..<index].filter { $0.cidr.overlaps(network.cidr) }.map { other in
        Diagnostic(
          .overlappingNetworks, "Network `\(network.name)` (\(network.cidr)) overlaps `\(other.name)` (\(other.cidr)).",
          help: "Give each network addresses of its own: a machine could not tell where to send.", at: network.source,
          notes: [.init(text: "the other network", span: other.source)])
      }
    }
  }

  private func each(_ network: Network) -> [Diagnostic] {
    var problems: [Diagnostic] = []
    func report(_ code: Diagnostic.Code, _ detail: String, _ help: String) {
      problems.append(Diagnostic(code, detail, help: help, at: network.source))
    }
    if let gateway = network.gateway, !network.cidr.contains(gateway) {
      report(.addressOutsideNetwork, "The gateway \(gateway) is not in \(network.cidr).", "A gateway is reached directly: give its address on this network.")
    }
    if !network.serves.isEmpty, !cluster.heads.isEmpty,
      !cluster.heads.contains(where: { $0.nic(on: network.name) != nil })
    {
      report(
        .servesWithoutHead, "Network `\(network.name)` is to be served, but no head has a card on it.",
        "Give the heads a card on it, or take `serves:` out.")
    }
    if network.serves.contains(.boot), !network.serves.contains(.dhcp) {
      report(.bootWithoutDHCP, "Network `\(network.name)` serves boot but not dhcp.", "Add dhcp to `serves:`: firmware learns from it where to boot from.")
    }
    problems += dynamicProblems(network)
    return problems
  }

  private func dynamicProblems(_ network: Network) -> [Diagnostic] {
    guard let range = network.dynamic else { return [] }
    var problems: [Diagnostic] = []
    if !network.cidr.contains(range.first) || !network.cidr.contains(range.last) {
      problems.append(
        Diagnostic(
          .dynamicRange, "The range \(range.first)-\(range.last) is not in \(network.cidr).",
          help: "Take a range within the network.", at: network.source))
    }
    if !network.serves.contains(.dhcp) {
      problems.append(
        Diagnostic(
          .dynamicWithoutDHCP, "Network `\(network.name)` has a dynamic range but does not serve dhcp.",
          help: "Add dhcp to `serves:`, or take `dynamic:` out.", at: network.source))
    }
    return problems
  }

  private var bootNetworks: [Diagnostic] {
    let boot = cluster.networks.filter { $0.serves.contains(.boot) }
    if boot.isEmpty, let node = cluster.nodes.first {
      return [
        Diagnostic(
          .noBootNetwork, "There are nodes, but no network serves boot.",
          help: "Add `serves: [dhcp, dns, boot]` to the network that the nodes are on.", at: node.source)
      ]
    }
    return boot.dropFirst().map {
      Diagnostic(
        .severalBootNetworks, "Network `\($0.name)` is a second network that serves boot.",
        help: "Let one network serve boot.", at: $0.source)
    }
  }
}
