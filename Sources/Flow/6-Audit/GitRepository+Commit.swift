// SPDX-License-Identifier: Apache-2.0
import CGit2

/// Who wrote a commit, and when.
struct GitAuthor {
  var name: String
  var email: String
  /// Seconds since 1970.
  var time: Int
}

/// What a commit says of itself.
struct GitCommit {
  var id: GitID
  var time: Int
  var subject: String
  /// `Key: value` lines at the end of its message.
  var trailers: [String: String]
}

extension GitRepository {
  /// `user.name` and `user.email`. Nil when one of them is not set.
  func identity() throws(AuditError) -> (name: String, email: String)? {
    guard let name = try setting("user.name"), let email = try setting("user.email") else { return nil }
    return (name, email)
  }

  /// A commit's bytes, to be signed.
  func commitBuffer(
    tree: GitID, parent: GitID?, author: GitAuthor, message: String
  ) throws(AuditError) -> [UInt8] {
    var signature: UnsafeMutablePointer<git_signature>?
    try check(
      git_signature_new(&signature, author.name, author.email, git_time_t(author.time), 0),
      "\(author.name) <\(author.email)> cannot be an author")
    defer { git_signature_free(signature) }
    var treeObject: OpaquePointer?
    var treeID = tree.raw
    try check(git_tree_lookup(&treeObject, pointer, &treeID), "cannot read the tree just written")
    defer { git_tree_free(treeObject) }
    var parentObject: OpaquePointer?
    defer { git_commit_free(parentObject) }
    if let parent {
      var parentID = parent.raw
      try check(git_commit_lookup(&parentObject, pointer, &parentID), "cannot read commit \(parent)")
    }
    var buffer = git_buf()
    defer { git_buf_dispose(&buffer) }
    var parents: [OpaquePointer?] = parent == nil ? [] : [parentObject]
    let count = parents.count
    let code = parents.withUnsafeMutableBufferPointer { parents in
      git_commit_create_buffer(
        &buffer, pointer, signature, signature, nil, message, treeObject, count, parents.baseAddress)
    }
    try check(code, "cannot make a commit")
    return Array(UnsafeRawBufferPointer(start: buffer.ptr, count: buffer.size))
  }

  /// Writes a commit's bytes. A signature goes into its header `gpgsig`, as gitformat-signature(5) says.
  func writeCommit(_ buffer: [UInt8], signature: String?) throws(AuditError) -> GitID {
    var id = git_oid()
    let content = String(decoding: buffer, as: UTF8.self)
    try check(
      git_commit_create_with_signature(&id, pointer, content, signature, signature == nil ? nil : "gpgsig"),
      "cannot write a commit")
    return GitID(id)
  }

  /// Commits from `start` back along first parents, newest first, until `visit` returns false.
  func walk(from start: GitID, _ visit: (GitCommit) throws(AuditError) -> Bool) throws(AuditError) {
    var walker: OpaquePointer?
    try check(git_revwalk_new(&walker, pointer), "cannot read the history")
    defer { git_revwalk_free(walker) }
    try check(git_revwalk_simplify_first_parent(walker), "cannot read the history")
    var id = start.raw
    try check(git_revwalk_push(walker, &id), "cannot read commit \(start)")
    while true {
      let code = git_revwalk_next(&id, walker)
      if code == GIT_ITEROVER.rawValue { return }
      try check(code, "cannot read the history")
      if try !visit(read(GitID(id))) { return }
    }
  }

  private func read(_ id: GitID) throws(AuditError) -> GitCommit {
    var commit: OpaquePointer?
    var raw = id.raw
    try check(git_commit_lookup(&commit, pointer, &raw), "cannot read commit \(id)")
    defer { git_commit_free(commit) }
    var found = git_message_trailer_array()
    try check(git_message_trailers(&found, git_commit_message(commit)), "cannot read the message of \(id)")
    defer { git_message_trailer_array_free(&found) }
    var trailers: [String: String] = [:]
    for index in 0..<found.count {
      let trailer = found.trailers[index]
      if let key = trailer.key, let value = trailer.value { trailers[String(cString: key)] = String(cString: value) }
    }
    return GitCommit(
      id: id, time: Int(git_commit_time(commit)),
      subject: git_commit_summary(commit).map { String(cString: $0) } ?? "", trailers: trailers)
  }
}
