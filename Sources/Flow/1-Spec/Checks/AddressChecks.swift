// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Every address, MAC and name stands once, and where it belongs. Linear in the number of machines.
struct AddressChecks {
  let cluster: Cluster
  init(_ cluster: Cluster) { self.cluster = cluster }

  var problems: [Diagnostic] { names + places + addresses + macs + dynamic }

  private var names: [Diagnostic] {
    var seen: [HostID: SourceSpan] = [:]
    let machines = cluster.heads.map { ($0.name, $0.source) } + cluster.nodes.map { ($0.name, $0.source) }
    return machines.compactMap { name, span in
      guard let first = seen.updateValue(span, forKey: name) else { return nil }
      return Diagnostic(
        .duplicateName, "Two machines are called `\(name)`.", help: "Give each machine a name of its own.", at: span,
        notes: [.init(text: "the first is named here", span: first)])
    }
  }

  /// Each card on a network that exists, with an address in it that a machine may have.
  private var places: [Diagnostic] {
    var reported: Set<SourceSpan> = []
    return cluster.cards.compactMap { card in
      guard let network = cluster.network(card.nic.network) else {
        return reported.insert(card.nic.source).inserted ? unknownNetwork(card.nic.network, card.nic.source) : nil
      }
      guard let problem = misplaced(card.nic.address, network, "\(card.machine)'s \(card.nic.name)", card.nic.source),
        reported.insert(card.nic.source).inserted
      else { return nil }
      return problem
    }
  }

  private func unknownNetwork(_ name: String, _ span: SourceSpan) -> Diagnostic {
    let known = cluster.networks.map(\.name)
    let help = Suggestion.nearest(name, in: known).map { "Did you mean `\($0)`?" } ?? "Known: \(known.joined(separator: ", "))."
    return Diagnostic(.unknownNetwork, "There is no network `\(name)`.", help: help, at: span)
  }

  private func misplaced(_ address: IPv4Address, _ network: Network, _ who: String, _ span: SourceSpan) -> Diagnostic? {
    let note = [Diagnostic.Note(text: "the network", span: network.source)]
    guard network.cidr.contains(address) else {
      return Diagnostic(
        .addressOutsideNetwork, "\(who) has \(address), which is not in network `\(network.name)` (\(network.cidr)).",
        help: "Take an address within \(network.cidr), or name another network.", at: span, notes: note)
    }
    let ends = network.cidr.prefix < 31 && (address == network.cidr.address || address == network.cidr.broadcast)
    guard ends || address == network.gateway else { return nil }
    let what = address == network.gateway ? "the gateway's" : address == network.cidr.address ? "the network's own" : "the broadcast"
    return Diagnostic(
      .reservedAddress, "\(who) has \(address), which is \(what) address.", help: "Take another one.", at: span, notes: note)
  }

  private struct Use {
    var what: String
    var span: SourceSpan
  }

  private var addresses: [Diagnostic] {
    var seen: [IPv4Address: Use] = [:]
    var problems: [Diagnostic] = []
    func note(_ address: IPv4Address, _ use: Use, _ code: Diagnostic.Code) {
      guard let first = seen.updateValue(use, forKey: address) else { return }
      problems.append(
        Diagnostic(
          code, "\(address) is given to \(first.what) and to \(use.what).", help: "Give each an address of its own.",
          at: use.span, notes: [.init(text: "it is first given here", span: first.span)]))
    }
    for card in cluster.cards {
      note(card.nic.address, Use(what: "\(card.machine)", span: card.nic.source), .duplicateAddress)
    }
    for address in cluster.ha?.addresses ?? [] {
      note(address.address, Use(what: "the service address of `\(address.network)`", span: address.source), .duplicateAddress)
    }
    for (name, bmc, span) in bmcs { note(bmc.address, Use(what: "\(name)'s BMC", span: span), .duplicateBMC) }
    return problems
  }

  private var bmcs: [(HostID, BMC, SourceSpan)] {
    cluster.heads.compactMap { head in head.bmc.map { (head.name, $0, head.source) } }
      + cluster.nodes.compactMap { node in node.bmc.map { (node.name, $0, node.source) } }
  }

  private var macs: [Diagnostic] {
    var seen: [MACAddress: Use] = [:]
    return cluster.cards.compactMap { card in
      guard let mac = card.nic.mac else { return nil }
      if mac.isMulticast {
        return Diagnostic(
          .multicastMAC, "\(mac) is a multicast address.", help: "No card has one: look at the first pair, which is even on every card.",
          at: card.nic.source)
      }
      guard let first = seen.updateValue(Use(what: "\(card.machine)", span: card.nic.source), forKey: mac) else { return nil }
      return Diagnostic(
        .duplicateMAC, "\(mac) is given to \(first.what) and to \(card.machine).",
        help: "Every card has a MAC address of its own: read it off the card, or off the switch.", at: card.nic.source,
        notes: [.init(text: "it is first given here", span: first.span)])
    }
  }

  private var dynamic: [Diagnostic] {
    var reported: Set<SourceSpan> = []
    let fixed = cluster.cards.map { ("\($0.machine)", $0.nic.address, $0.nic.source) }
      + (cluster.ha?.addresses ?? []).map { ("the service address", $0.address, $0.source) }
    let ranges = cluster.networks.compactMap { network in network.dynamic.map { (network, $0) } }
    return ranges.flatMap { network, range in
      fixed.compactMap { who, address, span in
        guard address >= range.first, address <= range.last, reported.insert(span).inserted else { return nil }
        return Diagnostic(
          .dynamicOverlap, "\(address) of \(who) is in the dynamic range of network `\(network.name)`.",
          help: "Take it out of the range: DHCP could give it to another machine.", at: span,
          notes: [.init(text: "the network", span: network.source)])
      }
    }
  }
}
