// SPDX-License-Identifier: Apache-2.0
import CGit2

/// A commit, as far as it is asked about.
package struct GitCommit: Sendable {
  package let id: GitID
  package let tree: GitID
  package let parents: [GitID]
  /// The committer's, in seconds since 1970.
  package let time: Int
  package let message: String
  /// `Key: value` lines of the message's last paragraph: git-interpret-trailers(1). The first of each key.
  package let trailers: [String: String]

  package var subject: String { String(message.prefix { !$0.isNewline }) }

  /// - Parameter object: a commit of libgit2's.
  init(_ id: GitID, _ object: OpaquePointer) throws(GitError) {
    guard let tree = git_commit_tree_id(object), let message = git_commit_message(object) else {
      throw .damaged("commit", id)
    }
    self.id = id
    self.tree = GitID(tree.pointee)
    parents = (0..<git_commit_parentcount(object)).compactMap { index in
      git_commit_parent_id(object, index).map { GitID($0.pointee) }
    }
    time = Int(git_commit_time(object))
    self.message = String(cString: message)
    var found = git_message_trailer_array()
    try check(git_message_trailers(&found, message), "cannot read the message of commit \(id)")
    defer { git_message_trailer_array_free(&found) }
    trailers = Dictionary(
      UnsafeBufferPointer(start: found.trailers, count: found.count).map {
        (String(cString: $0.key), String(cString: $0.value))
      }, uniquingKeysWith: { first, _ in first })
  }
}

/// Who wrote a commit, and when.
package struct GitAuthor: Sendable {
  let name: String
  let email: String
  /// In seconds since 1970.
  let time: Int

  /// Leaves out the characters that git allows in neither.
  package init(name: String, email: String, time: Int) {
    self.name = Self.clean(name)
    self.email = Self.clean(email)
    self.time = time
  }

  private static func clean(_ text: String) -> String {
    let kept = text.unicodeScalars.filter { !"<>\n\r\0".unicodeScalars.contains($0) }
    let words = String(String.UnicodeScalarView(kept)).split(separator: " ").joined(separator: " ")
    // git takes these away from a name's ends.
    return words.allSatisfy { ".,:;\"\\' ".contains($0) } ? "unknown" : words
  }
}

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
