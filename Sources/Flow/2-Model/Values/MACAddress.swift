// SPDX-License-Identifier: Apache-2.0

/// A 48-bit hardware address, written `52:54:00:01:00:01` in lower case.
package struct MACAddress: Hashable, Comparable, Sendable {
  package let bits: UInt64

  package init(bits: UInt64) { self.bits = bits & 0xffff_ffff_ffff }

  /// Reads an address as cards, switches and vendors' lists have it. Nil unless `text` is twelve hexadecimal digits, in
  /// twos between colons or hyphens, in fours between dots (`0030.48c6.1b6a`), or together.
  package init?(_ text: some StringProtocol) {
    let parts = text.utf8.split(omittingEmptySubsequences: false) { byte in
      byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
    let isDotted = text.utf8.contains(UInt8(ascii: "."))
    guard parts.count == 1 || parts.count == (isDotted ? 3 : 6) else { return nil }
    var bits: UInt64 = 0
    for part in parts {
      guard part.count == 12 / parts.count else { return nil }
      for byte in part {
        guard let digit = Self.value(byte) else { return nil }
        bits = bits << 4 | digit
      }
    }
    self.bits = bits
  }

  private static func value(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }

  package static func < (a: Self, b: Self) -> Bool { a.bits < b.bits }
  /// Multicast addresses cannot belong to a network card (IEEE 802: lowest bit of the first octet).
  package var isMulticast: Bool { bits >> 40 & 1 == 1 }
  /// `52-54-00-01-00-01`, as iPXE's `${mac:hexhyp}` writes it.
  package var hyphenated: String { joined(UInt8(ascii: "-")) }

  /// Written byte by byte: there are several for each of ten thousand nodes.
  private func joined(_ separator: UInt8) -> String {
    String(unsafeUninitializedCapacity: 17) { text in
      for index in 0..<6 {
        let octet = UInt8(truncatingIfNeeded: bits >> UInt64(40 - 8 * index))
        text[3 * index] = Self.digit(octet >> 4)
        text[3 * index + 1] = Self.digit(octet & 15)
        if index < 5 { text[3 * index + 2] = separator }
      }
      return 17
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}

extension MACAddress: CustomStringConvertible {
  package var description: String { joined(UInt8(ascii: ":")) }
}

extension MACAddress: TextCoded {
  package static var noun: String { "a MAC address" }
}

extension UInt8 {
  /// Two digits, lower-case.
  package var hexadecimal: String { (self < 16 ? "0" : "") + String(self, radix: 16) }
}
