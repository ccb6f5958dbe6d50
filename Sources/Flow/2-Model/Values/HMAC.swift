// SPDX-License-Identifier: Apache-2.0

/// HMAC-SHA256 (RFC 2104): a value that only who has the key can make, and from which the key does not follow.
package enum HMAC {
  package static func sha256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var block = key.count > 64 ? SHA256.bytes(of: key) : key
    block += Array(repeating: 0, count: 64 - block.count)
    return SHA256.bytes(of: block.map { $0 ^ 0x5c } + SHA256.bytes(of: block.map { $0 ^ 0x36 } + message))
  }

  package static func hex(key: [UInt8], _ message: [UInt8]) -> String { SHA256.hexText(sha256(key: key, message)) }
}
