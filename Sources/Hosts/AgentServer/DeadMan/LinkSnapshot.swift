// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Addresses and routes as they are now, to be put back later: what daemons restore from their files may not be all
/// that was there.
struct LinkSnapshot: Hashable, Codable, Sendable {
  struct Address: Hashable, Codable, Sendable {
    var interface: String
    /// `10.1.0.1/16`.
    var address: String
  }

  struct Route: Hashable, Codable, Sendable {
    var dst: String
    var gateway: String?
    var dev: String?
    var `protocol`: String?
    var metric: Int?
    var scope: String?

    var arguments: [String] {
      var words = [dst]
      if let gateway { words += ["via", gateway] }
      if let dev { words += ["dev", dev] }
      if let `protocol` { words += ["proto", `protocol`] }
      if let metric { words += ["metric", "\(metric)"] }
      if let scope { words += ["scope", scope] }
      return words
    }
  }

  /// Those that a machine has for itself. Service addresses come second on their network, and move: one that Pacemaker
  /// has taken to another head meanwhile must not be put back here.
  var addresses: [Address]
  /// The kernel makes those of addresses by itself.
  var routes: [Route]

  static func take() async throws(AgentError) -> LinkSnapshot {
    let routes: [Route] = try await Interface.ip(["-j", "-4", "route", "show"])
    return LinkSnapshot(
      addresses: try await ownAddresses(), routes: routes.filter { $0.dev != nil && $0.protocol != "kernel" })
  }

  /// Puts back what is missing, and takes `added` away where it was not there before.
  func restore(without added: Address?) async throws(AgentError) {
    let now = Set(try await Self.allAddresses())
    let next = "Look at `ip address` and `ip route` on the host."
    for missing in addresses where !now.contains(missing) {
      try await Command.checked(
        "ip", ["address", "add", missing.address, "broadcast", "+", "dev", missing.interface], next: next)
    }
    if let added, !addresses.contains(added), now.contains(added) {
      try await Command.checked("ip", ["address", "del", added.address, "dev", added.interface], next: next)
    }
    for route in routes { try await Command.checked("ip", ["-4", "route", "replace"] + route.arguments, next: next) }
  }

  /// Whether every address is there.
  func isReached() async throws(AgentError) -> Bool { Set(addresses).isSubset(of: try await Self.allAddresses()) }

  private struct Link: Decodable {
    struct Info: Decodable {
      var family: String
      var local: String?
      var prefixlen: Int?
      var scope: String?
      var secondary: Bool?
      var dynamic: Bool?
    }
    var ifname: String
    var addr_info: [Info]
  }

  private static func ownAddresses() async throws(AgentError) -> [Address] {
    try await addresses { $0.secondary != true && $0.dynamic != true }
  }

  private static func allAddresses() async throws(AgentError) -> [Address] { try await addresses { _ in true } }

  private static func addresses(where fits: (Link.Info) -> Bool) async throws(AgentError) -> [Address] {
    let links: [Link] = try await Interface.ip(["-j", "-4", "address", "show"])
    return links.flatMap { link in
      link.addr_info.filter { $0.family == "inet" && $0.scope != "host" && fits($0) }.compactMap { info in
        info.local.map { Address(interface: link.ifname, address: "\($0)/\(info.prefixlen ?? 32)") }
      }
    }
  }
}
