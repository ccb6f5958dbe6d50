// SPDX-License-Identifier: Apache-2.0

/// An IPv4 address in dotted-decimal form (RFC 791).
package struct IPv4Address: Hashable, Comparable, Sendable {
  package let bits: UInt32

  package init(bits: UInt32) { self.bits = bits }

  /// Reads an address. Nil unless `text` is four decimal octets without leading zeros.
  package init?(_ text: some StringProtocol) {
    var bits: UInt32 = 0
    // Of the octet that is being read. There are several addresses for each of ten thousand nodes.
    var (value, digits, octets) = (0 as UInt32, 0, 1)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        if digits > 0, value == 0 { return nil }
        (value, digits) = (value * 10 + UInt32(byte - UInt8(ascii: "0")), digits + 1)
        if value > 255 { return nil }
      case UInt8(ascii: "."):
        if digits == 0 || octets == 4 { return nil }
        (bits, value, digits, octets) = (bits << 8 | value, 0, 0, octets + 1)
      default: return nil
      }
    }
    guard digits > 0, octets == 4 else { return nil }
    self.bits = bits << 8 | value
  }

  package static func < (a: Self, b: Self) -> Bool { a.bits < b.bits }

  /// The address that is so much higher. Nil past the end of the address space.
  package func advanced(by offset: UInt32) -> IPv4Address? {
    let (sum, overflow) = bits.addingReportingOverflow(offset)
    return overflow ? nil : IPv4Address(bits: sum)
  }
}

extension IPv4Address: CustomStringConvertible {
  /// Written byte by byte: there are several for each of ten thousand nodes.
  package var description: String {
    String(unsafeUninitializedCapacity: 15) { text in
      var length = 0
      func write(_ byte: UInt8) {
        text[length] = byte
        length += 1
      }
      for shift in [24, 16, 8, 0] as [UInt32] {
        let octet = UInt8(truncatingIfNeeded: bits >> shift)
        if octet >= 100 { write(UInt8(ascii: "0") + octet / 100) }
        if octet >= 10 { write(UInt8(ascii: "0") + octet / 10 % 10) }
        write(UInt8(ascii: "0") + octet % 10)
        if shift > 0 { write(UInt8(ascii: ".")) }
      }
      return length
    }
  }
}

/// A network in CIDR form (RFC 4632). The address is the network's first.
package struct IPv4Network: Hashable, Sendable {
  package let address: IPv4Address
  package let prefix: Int

  /// A network. Nil when bits below the prefix are set, or the prefix is not 0...32.
  package init?(address: IPv4Address, prefix: Int) {
    guard (0...32).contains(prefix) else { return nil }
    self.address = address
    self.prefix = prefix
    guard address.bits & ~mask.bits == 0 else { return nil }
  }

  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPv4Address(parts[0]), let prefix = Int(parts[1]) else { return nil }
    self.init(address: address, prefix: prefix)
  }

  package var mask: IPv4Address { IPv4Address(bits: prefix == 0 ? 0 : ~0 << UInt32(32 - prefix)) }
  package var broadcast: IPv4Address { IPv4Address(bits: address.bits | ~mask.bits) }
  package func contains(_ other: IPv4Address) -> Bool { other.bits & mask.bits == address.bits }
  package func overlaps(_ other: IPv4Network) -> Bool { contains(other.address) || other.contains(address) }
}

extension IPv4Network: CustomStringConvertible {
  package var description: String { "\(address)/\(prefix)" }
}

extension IPv4Address: TextCoded {
  package static var noun: String { "an IPv4 address" }
}

extension IPv4Network: TextCoded {
  package static var noun: String { "a network" }
}
