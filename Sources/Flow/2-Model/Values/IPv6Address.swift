// SPDX-License-Identifier: Apache-2.0

/// An IPv6 address. Read in any form of RFC 4291, and written in the one of RFC 5952, so that two spellings of the same
/// are the same.
package struct IPv6Address: Hashable, Comparable, Sendable {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads an address without a zone. Nil unless `text` is one.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count <= 45 else { return nil }
    let text = Substring(text)
    if let gap = text.firstRange(of: "::") {
      guard let front = Self.words(text[..<gap.lowerBound], mayEndInIPv4: false),
        let back = Self.words(text[gap.upperBound...], mayEndInIPv4: true), front.count + back.count < 8
      else { return nil }
      self.init(words: front + Array(repeating: 0, count: 8 - front.count - back.count) + back)
    } else {
      guard let words = Self.words(text, mayEndInIPv4: true), words.count == 8 else { return nil }
      self.init(words: words)
    }
  }

  private init(words: [UInt16]) {
    high = words[..<4].reduce(0) { $0 << 16 | UInt64($1) }
    low = words[4...].reduce(0) { $0 << 16 | UInt64($1) }
  }

  private static func words(_ text: Substring, mayEndInIPv4: Bool) -> [UInt16]? {
    if text.isEmpty { return [] }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var words: [UInt16] = []
    for (index, part) in parts.enumerated() {
      if mayEndInIPv4, index == parts.count - 1, let tail = IPv4Address(part) {
        words += [UInt16(tail.bits >> 16), UInt16(tail.bits & 0xffff)]
        continue
      }
      // An integer may have a sign; a part of an address has none.
      guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit), let word = UInt16(part, radix: 16) else {
        return nil
      }
      words.append(word)
    }
    return words
  }

  private var words: [UInt16] {
    [high, low].flatMap { half in [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> UInt64($0)) } }
  }

  package static func < (a: Self, b: Self) -> Bool { (a.high, a.low) < (b.high, b.low) }

  /// RFC 4291, 2.5.6: every link has these, so they name no machine beyond it.
  package var isLinkLocal: Bool { high >> 54 == 0xfe80 >> 6 }
  package var isMulticast: Bool { high >> 56 == 0xff }
  /// The unspecified address, the loopback address, and IPv4 in the form of IPv6.
  package var isReserved: Bool { high == 0 && (low >> 32 == 0 || low >> 32 == 0xffff) }

  /// The first address of the network with this prefix length that it is in.
  package func first(_ prefix: Int) -> IPv6Address {
    let mask = IPv6Network.mask(prefix)
    return IPv6Address(high: high & mask.high, low: low & mask.low)
  }
}

extension IPv6Address: CustomStringConvertible {
  /// RFC 5952: lower case, no leading zeros, and the first of the longest runs of zeros as `::`.
  package var description: String {
    let words = words
    var longest = 0..<0
    var index = 0
    while index < 8 {
      let end = words[index...].firstIndex { $0 != 0 } ?? 8
      if end - index > max(1, longest.count) { longest = index..<end }
      index = max(end, index + 1)
    }
    func text(_ words: ArraySlice<UInt16>) -> String { words.map { String($0, radix: 16) }.joined(separator: ":") }
    guard !longest.isEmpty else { return text(words[...]) }
    return text(words[..<longest.lowerBound]) + "::" + text(words[longest.upperBound...])
  }
}

/// An IPv6 network in CIDR form: its first address and the length of its prefix (RFC 4291, 2.3).
package struct IPv6Network: Hashable, Sendable {
  package let address: IPv6Address
  package let prefix: Int

  /// A network. Nil when bits below the prefix are set, or the prefix is not 0...128.
  package init?(address: IPv6Address, prefix: Int) {
    guard (0...128).contains(prefix), address.first(prefix) == address else { return nil }
    self.address = address
    self.prefix = prefix
  }

  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPv6Address(parts[0]), let prefix = Int(parts[1]) else { return nil }
    self.init(address: address, prefix: prefix)
  }

  package func contains(_ other: IPv6Address) -> Bool { other.first(prefix) == address }
  package func overlaps(_ other: IPv6Network) -> Bool { contains(other.address) || other.contains(address) }

  fileprivate static func mask(_ prefix: Int) -> (high: UInt64, low: UInt64) {
    func half(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : ~0 << UInt64(64 - bits) }
    return (half(prefix), half(prefix - 64))
  }
}

extension IPv6Network: CustomStringConvertible {
  package var description: String { "\(address)/\(prefix)" }
}

/// An address of either family.
package enum IPAddress: Hashable, Sendable {
  case v4(IPv4Address)
  case v6(IPv6Address)

  package init?(_ text: some StringProtocol) {
    if let address = IPv4Address(text) {
      self = .v4(address)
    } else if let address = IPv6Address(text) {
      self = .v6(address)
    } else {
      return nil
    }
  }

  package var isIPv6: Bool { if case .v6 = self { true } else { false } }
}

extension IPAddress: CustomStringConvertible {
  package var description: String {
    switch self {
    case .v4(let address): address.description
    case .v6(let address): address.description
    }
  }
}

extension IPv6Address: TextCoded {
  package static var noun: String { "an IPv6 address" }
}

extension IPv6Network: TextCoded {
  package static var noun: String { "an IPv6 network" }
}

extension IPAddress: TextCoded {
  package static var noun: String { "an address" }
}
