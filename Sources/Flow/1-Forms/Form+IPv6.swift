// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Any text that may be one: the forms of RFC 4291 are too many for the pattern of a schema.
private let ipv6 = "[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"

/// For whoever writes IPv6 where IPv4 alone is.
package let ipv6Help =
  "IPv6 is for public networks, beside IPv4: `ipv6: { cidr: …, gateway: … }` of a network without `serves:`, `ipv6:` of "
  + "a head's card on it, `ha: { ipv6: … }` for service addresses, and `dns:`. Boot networks, nodes, BMCs and heartbeats "
  + "use IPv4; IPv6 that is not described stays as it is."

private func ipv6AddressHelp(_ text: String) -> String {
  if text.contains("/") { return "The prefix length belongs to the network; write the address alone." }
  if text.contains("%") { return "A link-local address is on the card where it stands; leave `%` and the zone out." }
  if IPv4Address(text) != nil {
    return "IPv4 stands beside it: `address:` of a card, `addresses:` of `ha:`, `cidr:` and `gateway:` of a network."
  }
  return "Groups of hexadecimal digits between colons, `::` for the longest run of zeros: `2001:db8:1::11`."
}

private func unfit(_ address: IPv6Address) -> String? {
  if address.isMulticast { return "\(address) is a multicast address." }
  return address.isReserved ? "\(address) is reserved: no machine is reached at it." : nil
}

extension Form where Value == IPv6Address {
  /// The address that others reach a machine at.
  package static var ipv6Address: Form {
    text("an IPv6 address", code: .badAddress, pattern: "^\(ipv6)$", examples: ["2001:db8:1::11"]) { text in
      guard let address = IPv6Address(text) else {
        return .wrong("`\(shown(text))` is not an IPv6 address.", help: ipv6AddressHelp(text))
      }
      let problem = address.isLinkLocal ? "\(address) is link-local: every link has these." : unfit(address)
      return problem.map { .wrong($0, help: "Write an address within the network's `cidr:`.") } ?? .value(address)
    }
  }
}

extension Form where Value == Network.IPv6.Gateway {
  package static var ipv6Gateway: Form {
    text(
      "an IPv6 address, or `ra`", code: .badAddress, pattern: "^(ra|\(ipv6))$",
      examples: ["2001:db8:1::1", "fe80::1", "ra"]
    ) { text in
      if text == "ra" { return .value(.advertised) }
      guard let address = IPv6Address(text) else {
        let isWords = ["slaac", "auto", "yes", "true"].contains(text.lowercased())
        return .wrong(
          "`\(shown(text))` is neither an IPv6 address nor `ra`.",
          help: isWords
            ? "Where the router advertises itself, write `gateway: ra`." : ipv6AddressHelp(text),
          replacement: isWords ? "ra" : nil)
      }
      return unfit(address).map { .wrong($0, help: "Write the router's address.") } ?? .value(.address(address))
    }
  }
}

extension Form where Value == IPv6Network {
  package static var ipv6Network: Form {
    text(
      "an IPv6 network in CIDR form", code: .badNetwork, pattern: "^\(ipv6)/[0-9]{1,3}$", examples: ["2001:db8:1::/64"]
    ) { text in
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let address = IPv6Address(parts[0]), let prefix = Int(parts[1]), 1...128 ~= prefix else {
        return .wrong(
          "`\(shown(text))` is not an IPv6 network in CIDR form.",
          help: IPv4Network(text) == nil
            ? "Write its first address and the prefix length: `2001:db8:1::/64`."
            : "The IPv4 network is the `cidr:` beside `ipv6:`.")
      }
      guard let network = IPv6Network(address: address, prefix: prefix) else {
        return .wrong(
          "\(address) is not the first address of a /\(prefix) network.",
          help: "A network is written with its first address.", replacement: "\(address.first(prefix))/\(prefix)")
      }
      if prefix > 126 { return .wrong("\(network) has no room for machines.", help: "Most networks are a /64.") }
      if address.isLinkLocal || address.isMulticast || address.isReserved {
        return .wrong("\(network) is no network of machines.", help: "Write the prefix that the site has for it.")
      }
      return .value(network)
    }
  }
}

extension Form where Value == IPAddress {
  /// A resolver, of either family.
  package static var resolver: Form {
    text(
      "an address", code: .badAddress, pattern: "^(\(ipv4)|\(ipv6))$", examples: ["198.51.100.1", "2001:db8:1::53"]
    ) { text in
      if !text.contains(":") {
        return IPv4Address(text).map { .value(.v4($0)) } ?? .wrong(addressProblem(text), help: addressHelp(text))
      }
      guard let address = IPv6Address(text) else {
        return .wrong("`\(shown(text))` is not an IPv6 address.", help: ipv6AddressHelp(text))
      }
      let problem =
        address.isLinkLocal ? "\(address) is link-local: of which link is not said." : unfit(address)
      return problem.map { .wrong($0, help: "Write an address that heads reach it at by their routes.") }
        ?? .value(.v6(address))
    }
  }
}
