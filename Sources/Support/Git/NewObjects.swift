// SPDX-License-Identifier: Apache-2.0
import CGit2
import Glibc

/// Files, folders and a commit that are about to be written, kept in memory until they go to the disk as one pack.
///
/// One pack, and not a file for each object, because every file that has to survive a power cut costs a sync.
package final class NewObjects {
  private let repository: GitRepository

  /// Whatever libgit2 writes to this repository from here on stays in memory.
  package init(in repository: GitRepository) throws(GitError) {
    self.repository = repository
    var store: OpaquePointer?
    try check(git_mempack_new(&store), "no objects can be collected")
    // Before all others, so that libgit2 writes to it. It goes with the database.
    try check(git_odb_add_backend(repository.database, store, 999), "no objects can be collected")
  }

  /// A file's content.
  package func add(_ bytes: [UInt8]) throws(GitError) -> GitID {
    var id = git_oid()
    try check(git_blob_create_from_buffer(&id, repository.pointer, bytes, bytes.count), "a file cannot be kept")
    return GitID(id)
  }

  package struct Change: Hashable, Sendable {
    package var path: String
    /// The new file. Nil: the one that is there is removed.
    package var file: File?

    package struct File: Hashable, Sendable {
      package var id: GitID
      package var kind: GitTreeEntry.Kind

      package init(_ id: GitID, kind: GitTreeEntry.Kind = .file) {
        self.id = id
        self.kind = kind
      }

      fileprivate var mode: git_filemode_t {
        switch kind {
        case .executable: GIT_FILEMODE_BLOB_EXECUTABLE
        case .link: GIT_FILEMODE_LINK
        case .file, .folder, .submodule: GIT_FILEMODE_BLOB
        }
      }
    }

    package init(_ path: String, _ file: File?) {
      self.path = path
      self.file = file
    }
  }

  /// A folder like another one, with some files changed. Folders in which nothing is left go, too.
  package func tree(_ changes: [Change], from previous: GitID?) throws(GitError) -> GitID {
    // In two turns, because libgit2 makes no folder where it still sees a file of that name.
    let (gone, new) = (changes.filter { $0.file == nil }, changes.filter { $0.file != nil })
    let kept = gone.isEmpty ? previous : try update(previous, gone)
    if new.isEmpty, let kept { return kept }
    return try update(kept, new)
  }

  private func update(_ previous: GitID?, _ changes: [Change]) throws(GitError) -> GitID {
    let baseline: OpaquePointer? =
      if let previous { try repository.lookUp("folder", previous, git_tree_lookup) } else { nil }
    defer { git_tree_free(baseline) }
    var updates = changes.map { change in
      git_tree_update(
        action: change.file == nil ? GIT_TREE_UPDATE_REMOVE : GIT_TREE_UPDATE_UPSERT,
        id: change.file?.id.raw ?? git_oid(),
        filemode: change.file?.mode ?? GIT_FILEMODE_BLOB,
        path: UnsafePointer(strdup(change.path)))
    }
    defer { for update in updates { free(UnsafeMutablePointer(mutating: update.path)) } }
    var id = git_oid()
    try check(
      git_tree_create_updated(&id, repository.pointer, baseline, updates.count, &updates), "a folder cannot be kept")
    return GitID(id)
  }

  // MARK: The commit

  /// The text of a commit, for a signature. Nothing is kept yet.
  package func text(
    tree: GitID, parent: GitID?, author: GitAuthor, message: String
  ) throws(GitError) -> String {
    let folder = try repository.lookUp("folder", tree, git_tree_lookup)
    defer { git_tree_free(folder) }
    var parents: [OpaquePointer?] = []
    if let parent { parents.append(try repository.lookUp("commit", parent, git_commit_lookup)) }
    defer { parents.forEach(git_commit_free) }
    var signature: UnsafeMutablePointer<git_signature>?
    try check(
      git_signature_new(&signature, author.name, author.email, git_time_t(author.time), 0),
      "\(author.name) <\(author.email)> cannot be the author of a commit")
    defer { git_signature_free(signature) }
    var text = git_buf()
    defer { git_buf_dispose(&text) }
    try check(
      git_commit_create_buffer(
        &text, repository.pointer, signature, signature, nil, message, folder, parents.count, &parents),
      "a commit cannot be made")
    return String(cString: text.ptr)
  }

  /// Keeps a commit.
  /// - Parameter signature: the armoured one of `text`. Nil: it is not signed.
  package func add(commit text: String, signature: String?) throws(GitError) -> GitID {
    var id = git_oid()
    try check(
      git_commit_create_with_signature(&id, repository.pointer, text, signature, nil), "a commit cannot be kept")
    return GitID(id)
  }

  /// Writes a commit and all of it that its parent does not have, as one pack, and waits until the disk has it.
  ///
  /// Objects that the repository happens to have already, but not by the parent, are written again: who wrote those may
  /// have waited for no disk.
  package func write(_ commit: GitID, after parent: GitID?) throws(GitError) {
    var (walk, pack): (OpaquePointer?, OpaquePointer?)
    defer {
      git_packbuilder_free(pack)
      git_revwalk_free(walk)
    }
    try check(git_revwalk_new(&walk, repository.pointer), "a pack cannot be made")
    try check(git_packbuilder_new(&pack, repository.pointer), "a pack cannot be made")
    var new = commit.raw
    try check(git_revwalk_push(walk, &new), "commit \(commit) cannot be read")
    if let parent {
      var known = parent.raw
      try check(git_revwalk_hide(walk, &known), "commit \(parent) cannot be read")
    }
    try check(git_packbuilder_insert_walk(pack, walk), "commit \(commit) cannot be packed")
    let folder = repository.commonFolder + "objects/pack"
    try check(git_packbuilder_write(pack, folder, 0, nil, nil), "\(folder) cannot be written to")
  }
}
