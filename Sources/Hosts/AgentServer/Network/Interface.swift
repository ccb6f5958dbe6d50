// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess

/// A network interface as ip-address(8) tells of it in JSON.
struct Interface: Sendable, Decodable {
  struct Address: Sendable, Decodable {
    var family: String
    var local: String?
    var prefixlen: Int?
  }

  var ifname: String
  var address: String?
  var flags: [String]
  var addr_info: [Address]

  /// `address/prefix`, IPv4 only.
  var addresses: [String] {
    addr_info.compactMap { $0.family == "inet" ? "\($0.local ?? "")/\($0.prefixlen ?? 32)" : nil }
  }

  struct Route: Sendable, Decodable {
    var gateway: String?
    var dev: String?
  }

  static func all() async throws(AgentError) -> [LinkState] {
    let links: [Interface] = try await ip(["-j", "address", "show"])
    let routes: [Route] = try await ip(["-j", "-4", "route", "show", "default"])
    return links.map { link in
      LinkState(
        // Within a container ip(8) prints `eth0@if7` only outside of JSON.
        name: link.ifname, mac: link.address.flatMap { MACAddress($0) },
        // UP is the admin's wish, LOWER_UP the cable: netdevice(7).
        up: link.flags.contains("UP") && link.flags.contains("LOWER_UP"), addresses: link.addresses,
        gateways: routes.filter { $0.dev == link.ifname }.compactMap { route in
          route.gateway.flatMap { IPv4Address($0) }
        })
    }
  }

  static func named(_ name: String) async throws(AgentError) -> LinkState {
    if let link = try await all().first(where: { $0.name == name }) { return link }
    throw AgentError(
      .notFound, "There is no network interface \(name)",
      next: "Correct the name in `networks:`; `ip link` on the host shows which there are.")
  }

  /// A list that ip(8) prints as JSON.
  static func ip<Value: Decodable>(_ arguments: [String]) async throws(AgentError) -> [Value] {
    let result = try await Command.checked("ip", arguments, next: "See that iproute2 is installed on the host.")
    // Older versions print nothing at all for an empty list.
    if result.stdout.allSatisfy({ $0 <= 0x20 }) { return [] }
    do { return try JSONDecoder().decode([Value].self, from: Data(result.stdout)) } catch {
      throw AgentError(
        .invalid, "What `ip` says cannot be understood", cause: "\(error)", next: "Look at `ip -j address` on the host."
      )
    }
  }
}
