// SPDX-License-Identifier: Apache-2.0

/// A value that is encoded as text wherever it is written, so that records stay readable.
package protocol TextCoded: Codable, LosslessStringConvertible {
  /// "an IPv4 address", for what cannot be decoded.
  static var noun: String { get }
}

extension TextCoded {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let value = Self(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not \(Self.noun): \(text)"))
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
