// SPDX-License-Identifier: Apache-2.0
import CGit2

/// An open repository of libgit2's. Not sendable: opened, used and let go within one call.
final class GitRepository {
  let pointer: OpaquePointer

  /// libgit2 counts these calls; it stays initialised for as long as the process lives. A record that a power cut takes
  /// away again would be a lie, so everything written is synced.
  private static let initialised: Void = {
    _ = git_libgit2_init()
    _ = cgit2_enable_fsync()
  }()

  /// Opens the repository that `folder` is in.
  init(containing folder: String) throws(AuditError) {
    _ = Self.initialised
    var opened: OpaquePointer?
    let code = git_repository_open_ext(&opened, folder, 0, nil)
    guard code == 0, let opened else { throw Self.openingError(code, folder) }
    pointer = opened
  }

  deinit { git_repository_free(pointer) }

  var isBare: Bool { git_repository_is_bare(pointer) == 1 }
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

  /// Moves a reference, if it still is where it was. False when somebody else was faster.
  func move(_ reference: String, from old: GitID?, to new: GitID, because message: String) throws(AuditError) -> Bool {
    var made: OpaquePointer?
    defer { git_reference_free(made) }
    var id = new.raw
    let code: Int32
    if let old {
      var expected = old.raw
      code = git_reference_create_matching(&made, pointer, reference, &id, 1, &expected, message)
    } else {
      code = git_reference_create(&made, pointer, reference, &id, 0, message)
    }
    // Somebody moved it, made it, deleted it or is about to.
    let races = [GIT_EMODIFIED, GIT_EEXISTS, GIT_ENOTFOUND, GIT_ELOCKED].map(\.rawValue)
    if races.contains(code) { return false }
    try check(code, "cannot move \(reference)")
    return true
  }

  // MARK: Objects

  /// Writes files as a tree of folders. Paths are relative, with slashes.
  func writeTree(_ files: [String: [UInt8]]) throws(AuditError) -> GitID {
    var here: [String: [UInt8]] = [:]
    var folders: [String: [String: [UInt8]]] = [:]
    for (path, bytes) in files {
      if let slash = path.firstIndex(of: "/") {
        folders[String(path[..<slash]), default: [:]][String(path[path.index(after: slash)...])] = bytes
      } else {
        here[path] = bytes
      }
    }
    var builder: OpaquePointer?
    try check(git_treebuilder_new(&builder, pointer, nil), "cannot write a tree")
    defer { git_treebuilder_free(builder) }
    for (name, bytes) in here {
      var id = try writeBlob(bytes).raw
      try check(git_treebuilder_insert(nil, builder, name, &id, GIT_FILEMODE_BLOB), "cannot record the file \(name)")
    }
    for (name, content) in folders {
      var id = try writeTree(content).raw
      try check(git_treebuilder_insert(nil, builder, name, &id, GIT_FILEMODE_TREE), "cannot record the folder \(name)")
    }
    var id = git_oid()
    try check(git_treebuilder_write(&id, builder), "cannot write a tree")
    return GitID(id)
  }

  private func writeBlob(_ bytes: [UInt8]) throws(AuditError) -> GitID {
    var id = git_oid()
    try check(git_blob_create_from_buffer(&id, pointer, bytes, bytes.count), "cannot write to the repository")
    return GitID(id)
  }

  /// A file's bytes in a commit. Nil when the commit has no such file.
  func file(_ path: String, in commit: GitID) throws(AuditError) -> [UInt8]? {
    var object: OpaquePointer?
    let code = git_revparse_single(&object, pointer, "\(commit):\(path)")
    if code == GIT_ENOTFOUND.rawValue { return nil }
    try check(code, "cannot read \(path) in \(commit)")
    defer { git_object_free(object) }
    guard git_object_type(object) == GIT_OBJECT_BLOB, let bytes = git_blob_rawcontent(object) else { return nil }
    return Array(UnsafeRawBufferPointer(start: bytes, count: Int(git_blob_rawsize(object))))
  }

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
    var config: OpaquePointer?
    try check(git_repository_config_snapshot(&config, pointer), "cannot read git's configuration")
    defer { git_config_free(config) }
    var value: UnsafePointer<CChar>?
    let code = git_config_get_string(&value, config, name)
    if code == GIT_ENOTFOUND.rawValue { return nil }
    try check(code, "cannot read git's setting \(name)")
    return value.map { String(cString: $0) }
  }

  // MARK: Errors

  func check(_ code: Int32, _ message: String) throws(AuditError) {
    if code >= 0 { return }
    throw AuditError(
      .git, message, cause: Self.lastMessage,
      next: "Look at the repository with `git status` and `git fsck`; mend it, then try again.")
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
        next: "Make it one: git init && git add cluster.yaml && git commit")
    }
    return AuditError(
      .git, "the repository of \(folder) cannot be opened", cause: cause,
      next: "Look at it with `git status` and `git fsck`; mend it, then try again.")
  }
}

/// The name of an object: 40 hexadecimal digits.
struct GitID: CustomStringConvertible {
  let raw: git_oid
  init(_ raw: git_oid) { self.raw = raw }

  /// Nil unless `text` is 40 hexadecimal digits.
  init?(_ text: String) {
    var raw = git_oid()
    guard text.utf8.count == 40, git_oid_fromstr(&raw, text) == 0 else { return nil }
    self.raw = raw
  }

  var description: String {
    withUnsafePointer(to: raw) { pointer in
      var text = [CChar](repeating: 0, count: 41)
      git_oid_tostr(&text, text.count, pointer)
      return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }
}
