// SPDX-License-Identifier: Apache-2.0
import CGit2

/// A regular file as a commit holds it.
package struct CommittedFile: Hashable, Sendable {
  package var bytes: [UInt8]
  package var executable: Bool
}

extension GitRepository {
  /// The commit that a revision names, as gitrevisions(7) describes them. Nil when there is none.
  func commit(named revision: String) throws(AuditError) -> GitID? {
    var object: OpaquePointer?
    let code = git_revparse_single(&object, pointer, revision + "^{commit}")
    if [GIT_ENOTFOUND, GIT_EINVALIDSPEC, GIT_EAMBIGUOUS].map(\.rawValue).contains(code) { return nil }
    try check(code, "cannot find \(revision)")
    defer { git_object_free(object) }
    guard let id = git_object_id(object) else { return nil }
    return GitID(id.pointee)
  }

  /// The regular files of a commit at a path: one file, or all below a folder, by path from the top of the work tree.
  /// Empty when there is nothing.
  func files(at path: String, in commit: GitID) throws(AuditError) -> [String: CommittedFile] {
    var object: OpaquePointer?
    var id = commit.raw
    try check(git_commit_lookup(&object, pointer, &id), "cannot read commit \(commit)")
    defer { git_commit_free(object) }
    var tree: OpaquePointer?
    try check(git_commit_tree(&tree, object), "cannot read the tree of \(commit)")
    defer { git_tree_free(tree) }
    var entry: OpaquePointer?
    let code = git_tree_entry_bypath(&entry, tree, path)
    if code == GIT_ENOTFOUND.rawValue { return [:] }
    try check(code, "cannot read \(path) in \(commit)")
    defer { git_tree_entry_free(entry) }
    var files: [String: CommittedFile] = [:]
    try add(entry, at: path, to: &files)
    return files
  }

  /// Links and submodules are no files of ours: reading from the disk leaves them out too.
  private func add(
    _ entry: OpaquePointer?, at path: String, to files: inout [String: CommittedFile]
  ) throws(AuditError) {
    switch git_tree_entry_filemode(entry) {
    case GIT_FILEMODE_BLOB, GIT_FILEMODE_BLOB_EXECUTABLE:
      var blob: OpaquePointer?
      try check(git_blob_lookup(&blob, pointer, git_tree_entry_id(entry)), "cannot read \(path)")
      defer { git_blob_free(blob) }
      let bytes = UnsafeRawBufferPointer(start: git_blob_rawcontent(blob), count: Int(git_blob_rawsize(blob)))
      let executable = git_tree_entry_filemode(entry) == GIT_FILEMODE_BLOB_EXECUTABLE
      files[path] = CommittedFile(bytes: Array(bytes), executable: executable)
    case GIT_FILEMODE_TREE:
      var tree: OpaquePointer?
      try check(git_tree_lookup(&tree, pointer, git_tree_entry_id(entry)), "cannot read \(path)")
      defer { git_tree_free(tree) }
      for index in 0..<git_tree_entrycount(tree) {
        guard let child = git_tree_entry_byindex(tree, index), let name = git_tree_entry_name(child) else { continue }
        try add(child, at: path + "/" + String(cString: name), to: &files)
      }
    default: break
    }
  }
}
