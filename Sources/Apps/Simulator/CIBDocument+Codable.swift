// SPDX-License-Identifier: Apache-2.0
import Pacemaker

/// Kept as the XML that it is.
extension CIBDocument: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(canonical)
  }
}
