// SPDX-License-Identifier: Apache-2.0

/// Encoded as text wherever they are written, so that records stay readable, as IPv4 addresses are.
extension IPv6Address: Codable {
  package init(from decoder: any Decoder) throws {
    self = try decoder.parsed("an IPv6 address") { IPv6Address($0) }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension IPv6Network: Codable {
  package init(from decoder: any Decoder) throws {
    self = try decoder.parsed("an IPv6 network") { IPv6Network($0) }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension IPAddress: Codable {
  package init(from decoder: any Decoder) throws {
    self = try decoder.parsed("an address") { IPAddress($0) }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension Decoder {
  fileprivate func parsed<Value>(_ what: String, _ parse: (String) -> Value?) throws -> Value {
    let text = try singleValueContainer().decode(String.self)
    guard let value = parse(text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "not \(what): \(text)"))
    }
    return value
  }
}
