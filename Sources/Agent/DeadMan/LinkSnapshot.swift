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

  /// The addresses that a machine has for itself. Service addresses come second on their network, and move: one that
  /// Pacemaker has taken to another head meanwhile must not be put back here. Those of IPv6 are deprecated.
  var addresses: [Address]
  /// But for those that the kernel makes by itself.
  var routes: [Route]
  /// The routes of IPv6, but for what routers advertise; nil in what an older agent kept.
  var routes6: [Route]?
  /// The links that were up; nil in what an older agent kept.
  var up: [String]?
  /// All links; nil in what an older agent kept.
  var names: [String]?

  static func take() async throws(AgentError) -> LinkSnapshot {
    let links = try await Self.links()
    return LinkSnapshot(
      addresses: addresses(of: links) { $0.secondary != true && $0.dynamic != true && $0.deprecated != true },
      routes: try await routes(.v4), routes6: try await routes(.v6),
      up: links.filter(\.isUp).map(\.ifname), names: links.map(\.ifname))
  }

  /// Puts back what is missing, and takes each of `added` away that was not there before.
  ///
  /// Each part is tried whatever became of the others: half a way to the host is better than none.
  ///
  /// - Returns: what could not be put back.
  func restore(without added: [Address]) async -> [AgentError] {
    var problems: [AgentError] = []
    let next = "Check `ip address` and `ip route` on the host."
    func ip(_ words: [String]) async {
      do throws(AgentError) { try await Command.checked("ip", words, next: next) } catch { problems.append(error) }
    }
    do throws(AgentError) {
      // A bond that has come since holds cards that have to answer again for themselves.
      for link in try await Self.links() where link.isMade && names?.contains(link.ifname) == false {
        await ip(["link", "delete", "dev", link.ifname])
      }
      let links = try await Self.links()
      for link in links where !link.isUp && up?.contains(link.ifname) == true {
        await ip(["link", "set", "dev", link.ifname, "up"])
      }
      let now = Set(Self.addresses(of: links) { _ in true })
      for missing in addresses where !now.contains(missing) {
        let how = missing.address.contains(":") ? [] : ["broadcast", "+"]
        await ip(["address", "add", missing.address] + how + ["dev", missing.interface])
      }
      for added in added where !addresses.contains(added) && now.contains(added) {
        await ip(["address", "del", added.address, "dev", added.interface])
      }
      problems += try await restoreRoutes(routes, .v4, next)
      if let routes6 { problems += try await restoreRoutes(routes6, .v6, next) }
    } catch { problems.append(error) }
    return problems
  }

  /// One that came since can lead everything astray, so those go first; others, of routing daemons, are theirs.
  private func restoreRoutes(
    _ routes: [Route], _ family: Family, _ next: String
  ) async throws(AgentError) -> [AgentError] {
    var problems: [AgentError] = []
    for route in try await Self.routes(family) where route.isSetByHand && !routes.contains(route) {
      do throws(AgentError) {
        try await Command.checked("ip", [family.rawValue, "route", "del"] + route.deletion, next: next)
      } catch {
        problems.append(error)
      }
    }
    let now = Set(try await Self.routes(family))
    var missing = routes.filter { !now.contains($0) }
    // The next hop of one may be reached by another that comes later: as long as one more succeeds, the others may.
    while !missing.isEmpty {
      var failed: [(Route, AgentError)] = []
      for route in missing {
        do throws(AgentError) {
          try await Command.checked("ip", [family.rawValue, "route", "replace"] + route.arguments, next: next)
        } catch { failed.append((route, error)) }
      }
      if failed.count == missing.count { return problems + failed.map(\.1) }
      missing = failed.map(\.0)
    }
    return problems
  }

  /// Whether every address and route is there.
  func isReached() async throws(AgentError) -> Bool {
    let now = Self.addresses(of: try await Self.links()) { _ in true }
    guard Set(addresses).isSubset(of: now) else { return false }
    guard Set(routes).isSubset(of: try await Self.routes(.v4)) else { return false }
    return Set(routes6 ?? []).isSubset(of: try await Self.routes(.v6))
  }

  private struct Link: Decodable {
    struct Info: Decodable {
      var family: String
      var local: String?
      var prefixlen: Int?
      var scope: String?
      var secondary: Bool?
      var dynamic: Bool?
      var deprecated: Bool?
    }
    struct Kind: Decodable { var info_kind: String? }
    var ifname: String
    var flags: [String]?
    var linkinfo: Kind?
    var addr_info: [Info]

    /// The administrator's wish, not the cable: netdevice(7).
    var isUp: Bool { flags?.contains("UP") == true }
    /// Whether it is of a sort that networkd makes for us.
    var isMade: Bool { ["bond", "vlan"].contains(linkinfo?.info_kind) }
  }

  private static func links() async throws(AgentError) -> [Link] {
    // Also those without an IPv4 address.
    try await Interface.ip(["-j", "-details", "address", "show"])
  }

  /// As ip(8) is told of it.
  private enum Family: String { case v4 = "-4", v6 = "-6" }

  private static func routes(_ family: Family) async throws(AgentError) -> [Route] {
    let all: [Route] = try await Interface.ip(["-j", "-details", family.rawValue, "route", "show"])
    return all.filter { $0.protocol != "kernel" && $0.protocol != "ra" }.map(\.wish)
  }

  private static func addresses(of links: [Link], where fits: (Link.Info) -> Bool) -> [Address] {
    links.flatMap { link in
      link.addr_info.filter {
        fits($0) && ($0.family == "inet" ? $0.scope != "host" : $0.family == "inet6" && $0.scope == "global")
      }.compactMap { info in
        info.local.map { Address(interface: link.ifname, address: "\($0)/\(info.prefixlen ?? 32)") }
      }
    }
  }
}
