// SPDX-License-Identifier: Apache-2.0
import CGit2

/// The name of an object: 40 hexadecimal digits.
package struct GitID: Hashable, Sendable, CustomStringConvertible {
  private let words: (UInt64, UInt64, UInt32)

  init(_ raw: git_oid) {
    words = withUnsafeBytes(of: raw) { bytes in
      (
        bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
      )
    }
  }

  /// Reads 40 hexadecimal digits. Nil for any other text.
  package init?(_ text: String) {
    var raw = git_oid()
    guard text.utf8.count == 40, git_oid_fromstr(&raw, text) == 0 else { return nil }
    self.init(raw)
  }

  /// The name of a file's content. Nothing is written.
  package init(ofFile bytes: [UInt8]) throws(GitError) {
    var raw = git_oid()
    try check(git_odb_hash(&raw, bytes, bytes.count, GIT_OBJECT_BLOB), "a file's content cannot be named")
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

  package static func == (a: GitID, b: GitID) -> Bool { a.words == b.words }
  package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

  package var description: String {
    var raw = raw
    return String(unsafeUninitializedCapacity: 40) { digits in
      digits.withMemoryRebound(to: CChar.self) { git_oid_fmt($0.baseAddress, &raw) == 0 ? 40 : 0 }
    }
  }
}
