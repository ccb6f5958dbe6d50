// SPDX-License-Identifier: Apache-2.0
import CGit2

/// An open repository of libgit2's. Not sendable: opened, used and closed within one call.
package final class GitRepository {
  let pointer: OpaquePointer
  /// Its objects.
  let database: OpaquePointer
  /// Read when it is first asked for.
  private var configuration: OpaquePointer?

  /// libgit2 counts these calls; it stays initialised for as long as the process lives. Negative: it failed.
  private static let initialised: Int32 = min(git_libgit2_init(), cgit2_sync_what_is_written())

  /// Opens the repository that `folder` is in.
  package init(containing folder: String) throws(GitError) {
    try check(Self.initialised, "libgit2 cannot be started")
    var opened: OpaquePointer?
    let code = git_repository_open_ext(&opened, folder, 0, nil)
    guard code == 0, let opened else { throw .opening(folder, code) }
    var database: OpaquePointer?
    let failed = git_repository_odb(&database, opened) != 0
    guard !failed, let database else {
      git_repository_free(opened)
      throw .libgit2("the objects of \(folder) cannot be opened")
    }
    pointer = opened
    self.database = database
  }

  /// Makes a repository with a work tree, and the folder for it. Nothing happens where one is.
  package static func make(in folder: String) throws(GitError) {
    try check(Self.initialised, "libgit2 cannot be started")
    var made: OpaquePointer?
    defer { git_repository_free(made) }
    guard git_repository_init(&made, folder, 0) == 0 else {
      throw .libgit2("no repository can be made in \(folder)")
    }
  }

  deinit {
    git_config_free(configuration)
    git_odb_free(database)
    git_repository_free(pointer)
  }

  package var isBare: Bool { git_repository_is_bare(pointer) == 1 }
  /// The folder of objects and references that all work trees share, with a slash at its end.
  package var commonFolder: String { git_repository_commondir(pointer).map { String(cString: $0) } ?? "" }
  /// With a slash at its end. Nil for a bare repository.
  package var workTree: String? { git_repository_workdir(pointer).map { String(cString: $0) } }

  // MARK: Commits and references

  /// The commit that a reference leads to. Nil when there is no such reference, or nothing on it yet.
  package func commit(at reference: String) throws(GitError) -> GitID? {
    var id = git_oid()
    let code = git_reference_name_to_id(&id, pointer, reference)
    if code == GIT_ENOTFOUND.rawValue { return nil }
    try check(code, "cannot read \(reference)")
    return GitID(id)
  }

  /// References by the rest of their names.
  package func references(below prefix: String) throws(GitError) -> [(name: String, id: GitID)] {
    var iterator: OpaquePointer?
    try check(git_reference_iterator_glob_new(&iterator, pointer, prefix + "*"), "cannot list references")
    defer { git_reference_iterator_free(iterator) }
    var found: [(name: String, id: GitID)] = []
    var name: UnsafePointer<CChar>?
    while true {
      let code = git_reference_next_name(&name, iterator)
      if code == GIT_ITEROVER.rawValue { return found }
      try check(code, "cannot list references")
      guard let name else { continue }
      let full = String(cString: name)
      if let id = try commit(at: full) { found.append((String(full.dropFirst(prefix.count)), id)) }
    }
  }

  /// The commits that a reference has led to, the newest first, as far back as git remembers: git-reflog(1).
  package func reflog(_ reference: String) throws(GitError) -> [GitID] {
    var log: OpaquePointer?
    try check(git_reflog_read(&log, pointer, reference), "cannot read where \(reference) has been")
    defer { git_reflog_free(log) }
    return (0..<git_reflog_entrycount(log)).compactMap { index in
      git_reflog_entry_id_new(git_reflog_entry_byindex(log, index)).map { GitID($0.pointee) }
    }
  }

  // MARK: The work tree

  /// Whether a file of the work tree is as in HEAD's commit. False also for what git ignores or does not know.
  package func isUnchanged(_ path: String) throws(GitError) -> Bool {
    var flags: UInt32 = 0
    let code = git_status_file(&flags, pointer, path)
    if code == GIT_ENOTFOUND.rawValue { return false }
    try check(code, "cannot tell whether \(path) has changed")
    return flags == GIT_STATUS_CURRENT.rawValue
  }

  // MARK: Configuration

  /// A setting of git's configuration. Nil when it is not set.
  package func setting(_ name: String) throws(GitError) -> String? {
    if configuration == nil {
      try check(git_repository_config_snapshot(&configuration, pointer), "cannot read git's configuration")
    }
    var value: UnsafePointer<CChar>?
    let code = git_config_get_string(&value, configuration, name)
    if code == GIT_ENOTFOUND.rawValue { return nil }
    try check(code, "cannot read git's setting \(name)")
    return value.map { String(cString: $0) }
  }

  /// `user.name` and `user.email`. Nil when one of them is not set.
  package func identity() throws(GitError) -> (name: String, email: String)? {
    guard let name = try setting("user.name"), let email = try setting("user.email") else { return nil }
    return (name, email)
  }
}
