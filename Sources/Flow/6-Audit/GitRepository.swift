// SPDX-License-Identifier: Apache-2.0
import CGit2

/// An open repository of libgit2's. Not sendable: opened, used and let go within one call.
final class GitRepository {
  let pointer: OpaquePointer
  /// Its objects.
  let database: OpaquePointer
  /// Read when it is first asked for.
  private var configuration: OpaquePointer?

  /// libgit2 counts these calls; it stays initialised for as long as the process lives.
  private static let initialised: Void = { _ = git_libgit2_init() }()

  /// Opens the repository that `folder` is in.
  init(containing folder: String) throws(AuditError) {
    _ = Self.initialised
    var opened: OpaquePointer?
    let code = git_repository_open_ext(&opened, folder, 0, nil)
    guard code == 0, let opened else { throw Self.openingError(code, folder) }
    var database: OpaquePointer?
    let failed = git_repository_odb(&database, opened) != 0
    guard !failed, let database else {
      git_repository_free(opened)
      throw Self.error("the objects of \(folder) cannot be opened")
    }
    pointer = opened
    self.database = database
  }

  /// Makes a repository with a work tree, and the folder for it. Nothing happens where one is.
  static func make(in folder: String) throws(AuditError) {
    _ = Self.initialised
    var made: OpaquePointer?
    defer { git_repository_free(made) }
    guard git_repository_init(&made, folder, 0) == 0 else {
      throw error("no repository can be made in \(folder)")
    }
  }

  deinit {
    git_config_free(configuration)
    git_odb_free(database)
    git_repository_free(pointer)
  }

  var isBare: Bool { git_repository_is_bare(pointer) == 1 }
  /// The folder of objects and references that all work trees share, with a slash at its end.
  var commonFolder: String { git_repository_commondir(pointer).map { String(cString: $0) } ?? "" }
  /// With a slash at its end. Nil for a bare repository.
  var workTree: String? { git_repository_workdir(pointer).map { String(cString: $0) } }

  // MARK: Commits and references

  /// The commit that a reference leads to. Nil when there is no such reference, or nothing on it yet.
  func commit(at reference: String) throws(AuditError) -> GitID? {
    var id = git_oid()
    let code = git_reference_name_to_id(&id, pointer, reference)
    if code == GIT_ENOTFOUND.rawValue { return nil }
    try check(code, "cannot read \(reference)")
    return GitID(id)
  }

  /// References by the rest of their names.
  func references(below prefix: String) throws(AuditError) -> [(name: String, id: GitID)] {
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

  // MARK: The work tree

  /// Whether a file of the work tree is as in HEAD's commit. False also for what git ignores or does not know.
  func isUnchanged(_ path: String) throws(AuditError) -> Bool {
    var flags: UInt32 = 0
    let code = git_status_file(&flags, pointer, path)
    if code == GIT_ENOTFOUND.rawValue { return false }
    try check(code, "cannot tell whether \(path) has changed")
    return flags == GIT_STATUS_CURRENT.rawValue
  }

  // MARK: Configuration

  /// Nil when it is not set.
  func setting(_ name: String) throws(AuditError) -> String? {
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
  func identity() throws(AuditError) -> (name: String, email: String)? {
    guard let name = try setting("user.name"), let email = try setting("user.email") else { return nil }
    return (name, email)
  }

  // MARK: Errors

  func check(_ code: Int32, _ message: String) throws(AuditError) { try Self.check(code, message) }

  static func check(_ code: Int32, _ message: String) throws(AuditError) {
    if code < 0 { throw error(message) }
  }

  /// What libgit2 has just said is the cause.
  static func error(_ message: String) -> AuditError {
    AuditError(
      .git, message, cause: lastMessage,
      next: "Check the repository with `git status` and `git fsck`, repair it, then try again.")
  }

  private static var lastMessage: String? { git_error_last().map { String(cString: $0.pointee.message) } }

  private static func openingError(_ code: Int32, _ folder: String) -> AuditError {
    let cause = lastMessage
    // libgit2 1.5 says "not found: safe.directory" where it means that the owner is another user.
    if code == GIT_EOWNER.rawValue || cause?.contains("safe.directory") == true {
      return AuditError(
        .ownership, "the repository of \(folder) belongs to another user", cause: cause,
        next: "If you trust it: git config --global --add safe.directory \(folder)")
    }
    if cause?.contains("unsupported extension") == true || cause?.contains("objectformat") == true {
      return AuditError(
        .unsupported, "the repository of \(folder) uses an extension that libgit2 does not read", cause: cause,
        next: "Keep the spec in a repository with SHA-1 objects and without partial clone or worktree configuration.")
    }
    if code == GIT_ENOTFOUND.rawValue {
      return AuditError(
        .notARepository, "\(folder) is not in a git repository", cause: nil,
        next: "Create it: git init && git add cluster.yaml && git commit")
    }
    return AuditError(
      .git, "the repository of \(folder) cannot be opened", cause: cause,
      next: "Check it with `git status` and `git fsck`, repair it, then try again.")
  }
}
