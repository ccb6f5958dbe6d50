// SPDX-License-Identifier: Apache-2.0

/// A route of the main table as ip-route(8) tells of it in JSON with `-details`, and as it takes it back.
///
/// By the names of links, because a link that a daemon makes anew has another number: what `ip route save` writes would
/// not fit it.
struct Route: Hashable, Codable, Sendable {
  /// A next hop of another family: IPv4 by way of IPv6.
  struct Via: Hashable, Codable, Sendable {
    var family: String
    var host: String
  }

  /// Numbers mostly; some, such as the name of a congestion control, are words.
  struct Metric: Hashable, Codable, Sendable {
    var text: String

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let number = try? value.decode(Int.self) { text = "\(number)" } else { text = try value.decode(String.self) }
    }

    func encode(to encoder: any Encoder) throws {
      var value = encoder.singleValueContainer()
      try value.encode(text)
    }
  }

  /// One of the ways of a multipath route.
  struct NextHop: Hashable, Codable, Sendable {
    var gateway: String?
    var via: Via?
    var dev: String?
    var weight: Int?
    var flags: [String]?
  }

  /// `unicast`, `blackhole` and the like.
  var type: String?
  var dst: String
  var tos: String?
  var gateway: String?
  var via: Via?
  var dev: String?
  var `protocol`: String?
  var metric: Int?
  var scope: String?
  var prefsrc: String?
  var flags: [String]?
  /// `mtu`, `advmss` and others.
  var metrics: [[String: Metric]]?
  var nexthops: [NextHop]?

  /// The kernel makes those of addresses by itself, and daemons of routing protocols and DHCP make theirs.
  var isSetByHand: Bool { ["boot", "static", nil].contains(`protocol`) }

  /// Which one it is, among those that lead to the same place.
  private var name: [String] {
    var words = [type ?? "unicast", dst]
    if let tos { words += ["tos", tos] }
    if let metric { words += ["metric", "\(metric)"] }
    return words
  }

  /// For `ip route replace`.
  var arguments: [String] {
    var words = name
    if let `protocol` { words += ["proto", `protocol`] }
    if let scope { words += ["scope", scope] }
    if let prefsrc { words += ["src", prefsrc] }
    for (metric, value) in (metrics ?? []).flatMap({ $0 }).sorted(by: { $0.key < $1.key }) {
      words += [metric, value.text]
    }
    words += NextHop(gateway: gateway, via: via, dev: dev, flags: flags).arguments
    for hop in nexthops ?? [] { words += ["nexthop"] + hop.arguments }
    return words
  }

  /// For `ip route del`: this one, and not another with the same destination.
  var deletion: [String] {
    name + (`protocol`.map { ["proto", $0] } ?? []) + NextHop(gateway: gateway, via: via, dev: dev).arguments
  }

  /// As it was wished for: other flags, such as `linkdown`, are what the kernel sees, and change by themselves.
  var wish: Route {
    func wish(_ flags: [String]?) -> [String] { (flags ?? []).filter { $0 == "onlink" } }
    var route = self
    route.flags = wish(flags)
    for index in (nexthops ?? []).indices { route.nexthops?[index].flags = wish(nexthops?[index].flags) }
    return route
  }
}

extension Route.NextHop {
  fileprivate var arguments: [String] {
    var words: [String] = []
    if let gateway { words += ["via", gateway] }
    if let via { words += ["via", via.family, via.host] }
    if let dev { words += ["dev", dev] }
    if let weight { words += ["weight", "\(weight)"] }
    if flags?.contains("onlink") == true { words.append("onlink") }
    return words
  }
}
