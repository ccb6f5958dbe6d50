// SPDX-License-Identifier: Apache-2.0
import CGit2

/// The name of an object: 40 hexadecimal digits.
struct GitID: Hashable, CustomStringConvertible {
  private let words: (UInt64, UInt64, UInt32)

  init(_ raw: git_oid) {
    words = withUnsafeBytes(of: raw) { bytes in
      (
        bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
      )
    }
  }

  /// Nil unless `text` is 40 hexadecimal digits.
  init?(_ text: String) { self.init(hexadecimal: text.utf8) }

  /// Nil unless there are 40 hexadecimal digits.
  init?(hexadecimal digits: some Collection<UInt8>) {
    var raw = git_oid()
    guard digits.count == 40 else { return nil }
    var text = digits.map(CChar.init(bitPattern:))
    text.append(0)
    guard git_oid_fromstr(&raw, text) == 0 else { return nil }
    self.init(raw)
  }

  /// - Parameter bytes: 20 of them.
  init(bytes: [UInt8]) {
    var raw = git_oid()
    withUnsafeMutableBytes(of: &raw) { $0.copyBytes(from: bytes.prefix(20)) }
    self.init(raw)
  }

  var raw: git_oid {
    var raw = git_oid()
    withUnsafeMutableBytes(of: &raw) { bytes in
      bytes.storeBytes(of: words.0, as: UInt64.self)
      bytes.storeBytes(of: words.1, toByteOffset: 8, as: UInt64.self)
      bytes.storeBytes(of: words.2, toByteOffset: 16, as: UInt32.self)
    }
    return raw
  }

  /// The 20 bytes, as trees hold them.
  var bytes: [UInt8] { withUnsafeBytes(of: raw) { Array($0) } }

  static func == (a: GitID, b: GitID) -> Bool { a.words == b.words }
  func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

  var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
