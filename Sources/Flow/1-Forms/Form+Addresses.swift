// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

private let octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
let ipv4 = "\(octet)(\\.\(octet)){3}"
private let mac = "([0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(\\.[0-9A-Fa-f]{4}){2}|[0-9A-Fa-f]{12})"

extension Form where Value == IPv4Address {
  package static var address: Form {
    text("an IPv4 address", code: .badAddress, pattern: "^\(ipv4)$", examples: ["10.1.0.1"]) { text in
      IPv4Address(text).map { .value($0) } ?? .wrong(addressProblem(text), help: addressHelp(text))
    }
  }
}

extension Form where Value == Counted<IPv4Address> {
  /// For one machine: never counts.
  package static var single: Form {
    let address = Form<IPv4Address>.address
    return Form(noun: address.noun, schema: address.schema) { node, problems in
      address.read(node, &problems).map { Counted(first: $0, counts: false) }
    }
  }

  /// For a group of machines: `10.1.1.1+`.
  package static var counted: Form {
    text("an IPv4 address", code: .badAddress, pattern: "^\(ipv4)\\+?$", examples: ["10.1.1.1+"]) { text in
      let counts = text.hasSuffix("+")
      let first = counts ? text.dropLast() : text[...]
      return IPv4Address(first).map { .value(Counted(first: $0, counts: counts)) }
        ?? .wrong(addressProblem(text), help: addressHelp(String(first)))
    }
  }
}

func addressProblem(_ text: String) -> String { "`\(shown(text))` is not an IPv4 address." }

func addressHelp(_ text: String) -> String {
  if text.contains("/") { return "The prefix length belongs to the network; write the address alone." }
  if text.contains(":") { return ipv6Help }
  let octets = text.split(separator: ".", omittingEmptySubsequences: false)
  if let large = octets.first(where: { (Int($0) ?? 0) > 255 }) { return "\(large) is more than 255." }
  if text.hasSuffix("+") {
    return "`+` counts up with the names of a group of nodes; a single machine has one address."
  }
  if octets.contains(where: { $0.count > 1 && $0.hasPrefix("0") && Int($0) != nil }) {
    return "Leading zeros are refused, because some programs read them as octal."
  }
  return "Four numbers from 0 to 255 between dots: `10.1.0.1`."
}

extension Form where Value == IPv4Network {
  package static var network: Form {
    text(
      "a network in CIDR form", code: .badNetwork, pattern: "^\(ipv4)/(3[0-2]|[12]?[0-9])$", examples: ["10.1.0.0/16"]
    ) {
      text in
      if let network = IPv4Network(text), network.prefix >= 1 {
        return network.prefix <= 30
          ? .value(network)
          : .wrong("\(network) has no room for machines.", help: "Use a prefix length of at most 30.")
      }
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      if parts.count == 2, let address = IPv4Address(parts[0]), let prefix = Int(parts[1]), (1...30).contains(prefix) {
        let first = IPv4Address(bits: address.bits & ~0 << UInt32(32 - prefix))
        return .wrong(
          "\(address) is not the first address of a /\(prefix) network.",
          help: "A network is written with its first address.", replacement: "\(first)/\(prefix)")
      }
      return .wrong(
        "`\(shown(text))` is not a network in CIDR form.",
        help: text.contains(":")
          ? ipv6Help : "Write its first address and the prefix length: `10.1.0.0/16`.")
    }
  }

  /// Where a route leads: a network, or a single machine.
  package static var destination: Form {
    text(
      "a network or a machine in CIDR form", code: .badNetwork, pattern: "^\(ipv4)/(3[0-2]|[12]?[0-9])$",
      examples: ["10.9.0.0/16", "10.9.0.1/32"]
    ) { text in
      guard let network = IPv4Network(text) else {
        return .wrong(
          "`\(shown(text))` is not a network in CIDR form.",
          help: text.contains(":")
            ? ipv6Help
            : "Write its first address and the prefix length: `10.9.0.0/16`, or `10.9.0.1/32` for one machine.")
      }
      guard network.prefix >= 1 else {
        return .wrong("\(network) is everything.", help: "The way to everything else is the network's `gateway:`.")
      }
      return .value(network)
    }
  }
}

extension Form where Value == Network.Range {
  package static var range: Form {
    text("a range of addresses", code: .badRange, pattern: "^\(ipv4)-\(ipv4)$", examples: ["10.1.250.1-10.1.250.99"]) {
      text in
      let parts = text.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 2, let first = IPv4Address(parts[0]), let last = IPv4Address(parts[1]) else {
        return .wrong(
          "`\(shown(text))` is not a range of addresses.",
          help: "Write the first and the last: `10.1.250.1-10.1.250.99`.")
      }
      guard first <= last else {
        return .wrong(
          "The range ends before it begins.", help: "Write the lower address first.", replacement: "\(last)-\(first)")
      }
      return .value(Network.Range(first: first, last: last))
    }
  }
}

extension MACAddress {
  /// A card of InfiniBand says twenty octets, or a GUID of eight.
  fileprivate static func help(_ text: String) -> String {
    let octets = text.split { $0 == ":" || $0 == "-" }.count
    return octets == 20 || octets == 8
      ? "This is an address of InfiniBand. Machines boot over Ethernet here: write the MAC address of that card."
      : "Six hexadecimal octets between colons: `52:54:00:01:00:01`."
  }
}

extension Form where Value == Counted<MACAddress> {
  package static var singleMAC: Form { macForm(counting: false) }
  package static var countedMAC: Form {
    let single = macForm(counting: true)
    return Form(noun: single.noun, schema: single.schema) { node, problems in
      guard case .sequence = node.content else { return single.read(node, &problems) }
      problems.error(
        .wrongType, "Expected a MAC address, found a list.",
        help:
          "Addresses that do not count up are written into a table, a line for each node: `table: nodes.csv` in the "
          + "place of `names:`.", at: node.firstLine)
      return nil
    }
  }

  private static func macForm(counting: Bool) -> Form {
    text(
      "a MAC address", code: .badMAC, pattern: "^\(mac)\(counting ? "\\+?" : "")$",
      examples: ["52:54:00:01:00:01" + (counting ? "+" : "")]
    ) { text in
      let counts = counting && text.hasSuffix("+")
      guard let first = MACAddress(counts ? text.dropLast() : text[...]) else {
        if isInfiniBand(text) {
          return .wrong(
            "`\(shown(text))` is the address of an InfiniBand port.",
            help:
              "Machines boot over Ethernet in this version: write the MAC address of an Ethernet card. An InfiniBand "
              + "port beside it, such as `ib0`, needs no `mac:`; it is found by its name.")
        }
        return .wrong(
          "`\(shown(text))` is not a MAC address.", help: MACAddress.help(text))
      }
      return .value(Counted(first: first, counts: counts))
    }
  }
}

/// Whether a text is the link-layer address of an InfiniBand port (20 octets, RFC 4391), its GID (16) or its GUID (8).
private func isInfiniBand(_ text: String) -> Bool {
  let octets = text.replacing("-", with: ":").split(separator: ":", omittingEmptySubsequences: false)
  let pairs = octets.allSatisfy { $0.utf8.count == 2 && $0.allSatisfy(\.isHexDigit) }
  let words = octets.allSatisfy { (1...4).contains($0.utf8.count) && $0.allSatisfy(\.isHexDigit) }
  return pairs && [8, 16, 20].contains(octets.count) || words && [4, 8].contains(octets.count)
}

extension Form where Value == Int {
  /// Bytes of a packet: what IPv4 needs to what InfiniBand in connected mode takes.
  package static var mtu: Form { integer(576...65520) }
}
