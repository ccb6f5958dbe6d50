// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Heads, nodes and images: what they refer to, and what they need to boot.
struct MachineChecks {
  let cluster: Cluster
  init(_ cluster: Cluster) { self.cluster = cluster }

  var problems: [Diagnostic] {
    cluster.heads.flatMap(head) + twoCards + nodeProblems + unusedImages + unreachableBMCs
  }

  private func head(_ head: Head) -> [Diagnostic] {
    guard let parent = head.cloneOf else { return [] }
    var problems: [Diagnostic] = []
    func report(_ code: Diagnostic.Code, _ detail: String, _ help: String) {
      problems.append(Diagnostic(code, detail, help: help, at: head.source))
    }
    let known = cluster.heads.map(\.name.name)
    if parent == head.name {
      report(.cloneOfItself, "`\(head.name)` is to be a clone of itself.", "Name the head that it is installed from.")
    } else if cluster.head(parent) == nil {
      let near = Suggestion.nearest(parent.name, in: known)
      report(.unknownHead, "There is no head `\(parent)`.", near.map { "Did you mean `\($0)`?" } ?? "Known: \(known.joined(separator: ", ")).")
    } else if cluster.head(parent)?.cloneOf != nil {
      report(.cloneOfClone, "`\(parent)` is itself a clone.", "Clone the head that is not: \(cluster.primary?.name.name ?? "the first").")
    }
    if let network = cluster.bootNetwork {
      if head.nic(on: network.name)?.mac == nil {
        report(.cloneWithoutMAC, "`\(head.name)` is installed over network `\(network.name)`, but its card there has no `mac`.", "Give the card's MAC address.")
      }
    } else {
      report(.noBootNetwork, "`\(head.name)` is to be installed over the network, but no network serves boot.", "Add `serves: [dhcp, dns, boot]` to a network that both heads are on.")
    }
    if head.bmc == nil {
      report(.cloneWithoutBMC, "`\(head.name)` is to be installed, but has no `bmc`.", "Give its BMC: it is switched on through it.")
    }
    return problems
  }

  private var twoCards: [Diagnostic] {
    var problems: [Diagnostic] = []
    var reported: Set<SourceSpan> = []
    for (name, nics) in cluster.heads.map({ ($0.name, $0.nics) }) + cluster.nodes.map({ ($0.name, $0.nics) }) {
      var seen: Set<String> = []
      for nic in nics where !seen.insert(nic.network).inserted && reported.insert(nic.source).inserted {
        problems.append(
          Diagnostic(
            .twoNICsOneNetwork, "`\(name)` has two cards on network `\(nic.network)`.",
            help: "Put one of them on another network: which of them answers would be left to chance.", at: nic.source))
      }
    }
    return problems
  }

  /// Once for each group: all its machines are alike.
  private var nodeProblems: [Diagnostic] {
    var groups: Set<SourceSpan> = []
    return cluster.nodes.filter { groups.insert($0.source).inserted }.flatMap(node)
  }

  private func node(_ node: ComputeNode) -> [Diagnostic] {
    var problems: [Diagnostic] = []
    func report(_ code: Diagnostic.Code, _ detail: String, _ help: String) {
      problems.append(Diagnostic(code, detail, help: help, at: node.source))
    }
    let known = cluster.images.map(\.name)
    if !node.image.isEmpty, cluster.image(node.image) == nil {
      let near = Suggestion.nearest(node.image, in: known)
      report(.unknownImage, "There is no image `\(node.image)`.", near.map { "Did you mean `\($0)`?" } ?? "Known: \(known.joined(separator: ", ")).")
    }
    guard let network = cluster.bootNetwork else { return problems }
    if let nic = node.nics.first(where: { $0.network == network.name }) {
      if nic.mac == nil {
        report(.nodeWithoutMAC, "These nodes boot from network `\(network.name)`, but their card there has no `mac`.", "Give the first MAC address with a + to count up.")
      }
    } else if !node.nics.isEmpty {
      report(.nodeOffBootNetwork, "These nodes have no card on network `\(network.name)`, which serves boot.", "Give them a card on it.")
    }
    return problems
  }

  private var unusedImages: [Diagnostic] {
    let used = Set(cluster.nodes.map(\.image))
    return cluster.images.filter { !used.contains($0.name) }.map {
      Diagnostic(
        .unusedImage, severity: .warning, "No node runs image `\($0.name)`.", help: "It is built nevertheless. Take it out, or give it to nodes.",
        at: $0.source)
    }
  }

  /// A BMC is reached from a head: over a network that all heads are on, or over a gateway.
  private var unreachableBMCs: [Diagnostic] {
    let hasGateway = cluster.heads.allSatisfy { head in
      head.nics.contains { cluster.network($0.network)?.gateway != nil }
    }
    if hasGateway { return [] }
    let near = cluster.networks.filter { network in cluster.heads.allSatisfy { $0.nic(on: network.name) != nil } }
    var groups: Set<SourceSpan> = []
    let machines =
      cluster.heads.map { ($0.name, $0.bmc, $0.source) } + cluster.nodes.map { ($0.name, $0.bmc, $0.source) }
    return machines.compactMap { name, bmc, span in
      guard let bmc, !near.contains(where: { $0.cidr.contains(bmc.address) }), groups.insert(span).inserted else {
        return nil
      }
      return Diagnostic(
        .bmcUnreachable, "The heads have no way to \(name)'s BMC at \(bmc.address).",
        help: "Give the heads a card on its network, or a gateway to one of their networks.", at: span)
    }
  }
}
