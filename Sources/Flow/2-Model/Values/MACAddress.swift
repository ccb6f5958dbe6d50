// SPDX-License-Identifier: Apache-2.0

/// A 48-bit hardware address, written `52:54:00:01:00:01` in lower case.
package struct MACAddress: Hashable, Comparable, Sendable {
  package let bits: UInt64

  package init(bits: UInt64) { self.bits = bits & 0xffff_ffff_ffff }

  /// Nil unless `text` is six hexadecimal octets between colons or hyphens.
  package init?(_ text: some StringProtocol) {
    let octets = text.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "-" }
    guard octets.count == 6 else { return nil }
    var bits: UInt64 = 0
    for octet in octets {
      guard octet.utf8.count == 2, let value = UInt8(octet, radix: 16), octet.first != "+" else { return nil }
      bits = bits << 8 | UInt64(value)
    }
    self.bits = bits
  }

  package static func < (a: Self, b: Self) -> Bool { a.bits < b.bits }
  /// Multicast addresses cannot belong to a network card (IEEE 802: lowest bit of the first octet).
  package var isMulticast: Bool { bits >> 40 & 1 == 1 }
  /// `52-54-00-01-00-01`, as iPXE's `${mac:hexhyp}` writes it.
  package var hyphenated: String { joined("-") }

  private func joined(_ separator: String) -> String {
    (0..<6).map { index in
      let octet = UInt8(bits >> UInt64(40 - 8 * index) & 255)
      return (octet < 16 ? "0" : "") + String(octet, radix: 16)
    }.joined(separator: separator)
  }
}

extension MACAddress: CustomStringConvertible {
  package var description: String { joined(":") }
}

extension MACAddress: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let value = MACAddress(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not a MAC address: \(text)"))
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
