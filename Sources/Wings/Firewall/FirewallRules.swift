// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The rules of one head, as nft(8) reads them: a table of our own, which is replaced in one transaction. Tables of
/// others stay, and what they refuse is refused.
struct FirewallRules {
  let cluster: Cluster
  let head: Head
  let needs: [FirewallNeed]

  /// Only what comes in to the head itself is looked at. What heads forward is `Routing`'s.
  var text: String {
    let rules = Self.always + needed + ["counter comment \"closed\""]
    return """
      # Written by cluster; changes made here are undone. \(Firewall.unit) loads it.
      table \(Firewall.table)
      delete table \(Firewall.table)
      table \(Firewall.table) {
        chain input {
          type filter hook input priority filter; policy drop;
      \(rules.map { "    \($0)\n" }.joined())  }
      }

      """
  }

  /// - A TCP segment without SYN opens nothing. It belongs to a connection from before these rules, which the kernel
  ///   has not tracked, and which would hang if only the other side had something to send.
  /// - IPv6's own business goes on, described or not: neighbours, routers, addresses by DHCP.
  private static let always = [
    "iifname \"lo\" accept",
    "ct state established,related accept",
    "tcp flags & (syn | ack) != syn accept comment \"opens no connection\"",
    "icmp type { echo-request, destination-unreachable, time-exceeded, parameter-problem } accept",
    "icmpv6 type { echo-request, destination-unreachable, packet-too-big, time-exceeded, parameter-problem, "
      + "nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, "
      + "mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } accept",
    "ip6 saddr fe80::/10 udp dport 546 accept comment \"dhcpv6 of the head's own\"",
  ]

  private var needed: [String] {
    var lines: [String] = []
    for need in needs {
      for origin in origins(need.origin) {
        for transport in FirewallNeed.Transport.allCases {
          let ports = need.ports.filter { $0.transport == transport }.map(\.span)
          if ports.isEmpty { continue }
          let line = origin + "\(transport.rawValue) dport \(Self.set(ports)) accept comment \"\(need.purpose)\""
          if !lines.contains(line) { lines.append(line) }
        }
      }
    }
    return lines
  }

  /// The parts of rules that say where it comes from, with a space behind each: one for each family of addresses, where
  /// they matter. None: it cannot come to this head.
  private func origins(_ origin: FirewallNeed.Origin) -> [String] {
    switch origin {
    case .anywhere: return [""]
    case .addresses(let addresses): return ["ip saddr \(addresses) "]
    case .addresses6(let addresses): return ["ip6 saddr \(addresses) "]
    case .cards(let network): return card(on: network).map { [$0] } ?? []
    case .network(let name):
      guard let network = cluster.network(name) else { return [] }
      let card = card(on: name) ?? ""
      return [card + "ip saddr \(network.cidr) "] + (network.ipv6.map { [card + "ip6 saddr \($0.cidr) "] } ?? [])
    case .otherHeads(let network):
      let others = cluster.heads.filter { $0.name != head.name }.compactMap { $0.nic(on: network)?.address }
      guard let card = card(on: network), !others.isEmpty else { return [] }
      return [card + "ip saddr \(Self.set(others.map(\.description))) "]
    }
  }

  private func card(on network: String) -> String? {
    let cards = head.nics.filter { $0.network == network }.map { "\"\($0.name)\"" }
    return cards.isEmpty ? nil : "iifname \(Self.set(cards)) "
  }

  private static func set(_ items: [String]) -> String {
    items.count == 1 ? items[0] : "{ \(items.joined(separator: ", ")) }"
  }
}
