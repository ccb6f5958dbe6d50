// SPDX-License-Identifier: Apache-2.0

/// A file's bytes: text where they are text, so that plans and records stay readable.
package enum Content: Hashable, Codable, Sendable {
  case text(String)
  case bytes([UInt8])

  package var bytes: [UInt8] {
    switch self {
    case .text(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    }
  }

  package var digest: String {
    switch self {
    case .text(let text): SHA256.hex(text)
    case .bytes(let bytes): SHA256.hex(bytes)
    }
  }
}
