// SPDX-License-Identifier: Apache-2.0
import CGit2

/// Objects that are about to be written, kept in memory until all of them go to the disk as one pack.
///
/// One pack, and not a file for each object, because every file that has to survive a power cut costs a sync.
final class NewObjects {
  /// What the repository is known to have: the parent's files and folders, by far the most of every run.
  private let known: Set<GitID>
  private let memory: OpaquePointer
  private let database: OpaquePointer
  private var pending: [(id: GitID, name: String)] = []
  /// All that were added, also those that the repository had.
  private(set) var all: Set<GitID> = []

  init(known: Set<GitID>) throws(AuditError) {
    self.known = known
    var database: OpaquePointer?
    try GitRepository.check(git_odb_new(&database), "cannot prepare a record")
    guard let database else { throw GitRepository.error("cannot prepare a record") }
    self.database = database
    var backend: UnsafeMutablePointer<git_odb_backend>?
    var memory: OpaquePointer?
    let code = git_mempack_new(&backend)
    // The database owns the backend from here on.
    guard code == 0, git_odb_add_backend(database, backend, 1) == 0,
      git_repository_wrap_odb(&memory, database) == 0, let memory
    else {
      git_odb_free(database)
      throw GitRepository.error("cannot prepare a record")
    }
    self.memory = memory
  }

  deinit {
    git_repository_free(memory)
    git_odb_free(database)
  }

  /// Files as a tree of folders. Paths are relative, with slashes.
  /// - Parameters:
  ///   - recent: knows objects of files that are as they were, and learns of those that are new.
  ///   - folder: where they are: empty, or a path with a slash at its end.
  func add(
    tree files: [String: RecordedFile], _ recent: RecentFiles, in folder: String = ""
  ) throws(AuditError) -> GitID {
    var entries: [(name: String, mode: String, id: GitID)] = []
    var folders: [String: [String: RecordedFile]] = [:]
    for (path, file) in files {
      // Not by characters, which takes several times as long.
      if let slash = path.utf8.firstIndex(of: UInt8(ascii: "/")) {
        folders[String(path[..<slash]), default: [:]][String(path[path.utf8.index(after: slash)...])] = file
      } else {
        entries.append((path, file.mode, try add(file.bytes, recent, at: folder + path)))
      }
    }
    for (name, content) in folders {
      entries.append((name, "40000", try add(tree: content, recent, in: "\(folder)\(name)/")))
    }
    // Folders sort as if their names ended with a slash: git's base_name_compare().
    let sorted = entries.map { (Array(($0.name + ($0.mode == "40000" ? "/" : "")).utf8), $0) }
      .sorted { $0.0.lexicographicallyPrecedes($1.0) }
    var bytes: [UInt8] = []
    for (_, entry) in sorted { bytes += Array("\(entry.mode) \(entry.name)\0".utf8) + entry.id.bytes }
    return try add(bytes, GIT_OBJECT_TREE, named: "")
  }

  private func add(_ bytes: [UInt8], _ recent: RecentFiles, at path: String) throws(AuditError) -> GitID {
    // The repository must have it still: the parent may be another one than that which was read.
    if let id = recent.id(of: bytes, at: path), known.contains(id) {
      all.insert(id)
      return id
    }
    let id = try add(bytes, GIT_OBJECT_BLOB, named: path)
    recent.keep(bytes, at: path, as: id)
    return id
  }

  /// - Parameter name: objects of the same name are looked at for what they have in common.
  func add(_ bytes: [UInt8], _ type: git_object_t, named name: String) throws(AuditError) -> GitID {
    var raw = git_oid()
    try GitRepository.check(git_odb_write(&raw, database, bytes, bytes.count, type), "cannot keep an object")
    let id = GitID(raw)
    if all.insert(id).inserted, !known.contains(id) { pending.append((id, name)) }
    return id
  }

  /// Writes what has been added since the last time into a folder, as one pack with its index. Nothing is synced.
  /// - Returns: the pack's name without its ending. Nil when nothing has been added.
  func writePack(to folder: String) throws(AuditError) -> String? {
    guard !pending.isEmpty else { return nil }
    let problem = "cannot write to the repository"
    var builder: OpaquePointer?
    try GitRepository.check(git_packbuilder_new(&builder, memory), problem)
    defer { git_packbuilder_free(builder) }
    _ = git_packbuilder_set_threads(builder, 1)
    for (id, name) in pending {
      var raw = id.raw
      try GitRepository.check(git_packbuilder_insert(builder, &raw, name), problem)
    }
    try GitRepository.check(git_packbuilder_write(builder, folder, 0o444, nil, nil), problem)
    guard let name = git_packbuilder_name(builder) else { throw GitRepository.error(problem) }
    pending = []
    return "pack-" + String(cString: name)
  }
}
