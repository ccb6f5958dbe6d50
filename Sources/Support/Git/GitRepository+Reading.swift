// SPDX-License-Identifier: Apache-2.0
import CGit2

/// One name in a folder of the repository, and the object behind it.
package struct GitTreeEntry: Hashable, Sendable {
  package enum Kind: Hashable, Sendable { case file, executable, folder, link, submodule }

  package var name: String
  package var kind: Kind
  package var id: GitID

  package var isFile: Bool { kind == .file || kind == .executable }
  /// Whether it is a blob of its own: a file, or a symbolic link.
  var isLeaf: Bool { isFile || kind == .link }

  init(_ entry: OpaquePointer) {
    name = String(cString: git_tree_entry_name(entry))
    id = GitID(git_tree_entry_id(entry).pointee)
    kind =
      switch git_tree_entry_filemode(entry) {
      case GIT_FILEMODE_TREE: .folder
      case GIT_FILEMODE_BLOB_EXECUTABLE: .executable
      case GIT_FILEMODE_LINK: .link
      case GIT_FILEMODE_COMMIT: .submodule
      default: .file
      }
  }
}

/// libgit2 compares each object that it reads with its name.
extension GitRepository {
  package func commit(_ id: GitID) throws(GitError) -> GitCommit {
    let object = try lookUp("commit", id, git_commit_lookup)
    defer { git_commit_free(object) }
    return try GitCommit(id, object)
  }

  /// Whether a commit carries a signature. Whose it is, and whether it is good, git verify-commit(1) tells.
  package func isSigned(_ commit: GitID) throws(GitError) -> Bool {
    var (signature, signed) = (git_buf(), git_buf())
    defer {
      git_buf_dispose(&signature)
      git_buf_dispose(&signed)
    }
    var raw = commit.raw
    let code = git_commit_extract_signature(&signature, &signed, pointer, &raw, nil)
    if code == GIT_ENOTFOUND.rawValue { return false }
    try check(code, "cannot read the signature of commit \(commit)")
    return true
  }

  package func blob(_ id: GitID) throws(GitError) -> [UInt8] {
    let object = try lookUp("object", id, git_blob_lookup)
    defer { git_blob_free(object) }
    return Array(UnsafeRawBufferPointer(start: git_blob_rawcontent(object), count: Int(git_blob_rawsize(object))))
  }

  /// The names in a folder of the repository, in git's order.
  package func entries(_ tree: GitID) throws(GitError) -> [GitTreeEntry] {
    let object = try lookUp("object", tree, git_tree_lookup)
    defer { git_tree_free(object) }
    return (0..<git_tree_entrycount(object)).compactMap { git_tree_entry_byindex(object, $0).map(GitTreeEntry.init) }
  }

  func lookUp(
    _ what: String, _ id: GitID,
    _ call: (UnsafeMutablePointer<OpaquePointer?>?, OpaquePointer?, UnsafePointer<git_oid>?) -> Int32
  ) throws(GitError) -> OpaquePointer {
    var object: OpaquePointer?
    var raw = id.raw
    guard call(&object, pointer, &raw) == 0, let object else { throw .damaged(what, id) }
    return object
  }

  /// Every file and symbolic link below a folder, by path.
  package func files(_ tree: GitID) throws(GitError) -> [String: GitTreeEntry] {
    var files: [String: GitTreeEntry] = [:]
    for entry in try entries(tree) {
      if entry.isLeaf { files[entry.name] = entry }
      guard entry.kind == .folder else { continue }
      for (path, file) in try self.files(entry.id) { files["\(entry.name)/\(path)"] = file }
    }
    return files
  }

  /// The entry at a path below a folder. Nil when there is nothing.
  package func entry(_ path: String, in tree: GitID) throws(GitError) -> GitTreeEntry? {
    let object = try lookUp("object", tree, git_tree_lookup)
    defer { git_tree_free(object) }
    var entry: OpaquePointer?
    let code = git_tree_entry_bypath(&entry, object, path)
    if code == GIT_ENOTFOUND.rawValue { return nil }
    try check(code, "cannot read \(path) in \(tree)")
    defer { git_tree_entry_free(entry) }
    return entry.map(GitTreeEntry.init)
  }

  /// The commit that a revision names, as gitrevisions(7) describes them. Nil when there is none.
  package func commit(named revision: String) throws(GitError) -> GitID? {
    var object: OpaquePointer?
    let code = git_revparse_single(&object, pointer, revision + "^{commit}")
    if [GIT_ENOTFOUND, GIT_EINVALIDSPEC, GIT_EAMBIGUOUS].map(\.rawValue).contains(code) { return nil }
    try check(code, "cannot find \(revision)")
    defer { git_object_free(object) }
    return git_object_id(object).map { GitID($0.pointee) }
  }

  /// The commits from one back, newest first.
  package func walk(from start: GitID) throws(GitError) -> GitWalk { try GitWalk(self, from: start) }
}

/// Commits from one back, newest first, each before its parents.
package final class GitWalk {
  private let repository: GitRepository
  private let walk: OpaquePointer

  init(_ repository: GitRepository, from start: GitID) throws(GitError) {
    var walk: OpaquePointer?
    guard git_revwalk_new(&walk, repository.pointer) == 0, let walk else { throw .libgit2("no commits can be read") }
    self.repository = repository
    self.walk = walk
    // git's own order. To ask for one, even the same, makes libgit2 read all commits before the first is told.
    var raw = start.raw
    guard git_revwalk_push(walk, &raw) == 0 else { throw .damaged("commit", start) }
  }

  deinit { git_revwalk_free(walk) }

  /// The next commit. Nil after the last one.
  package func next() throws(GitError) -> GitCommit? {
    var raw = git_oid()
    let code = git_revwalk_next(&raw, walk)
    if code == GIT_ITEROVER.rawValue { return nil }
    guard code == 0 else { throw .damaged("a commit's parent cannot be read") }
    return try repository.commit(GitID(raw))
  }
}
