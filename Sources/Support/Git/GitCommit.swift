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
