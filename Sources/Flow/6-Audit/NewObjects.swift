// SPDX-License-Identifier: Apache-2.0
import CGit2

/// Objects that are about to be written, kept in memory until all of them go to the disk as one pack.
///
/// One pack, and not a file for each object, because every file that has to survive a power cut costs a sync.
final class NewObjects {
  /// What the repository is known to have: the parent's files and folders, by far the most of every run.
  private let known: Set<GitID>
  private var pending: [Pack.Object] = []
  /// All that were added, also those that the repository had.
  private(set) var all: Set<GitID> = []

  init(known: Set<GitID>) { self.known = known }

  private struct File {
    var path: [UInt8]
    var file: RecordedFile
  }

  /// Files as a tree of folders. Paths are relative, with slashes.
  /// - Parameter recent: knows objects of what is as it was, and learns of those that are new.
  func add(tree files: [String: RecordedFile], _ recent: RecentFiles) throws(AuditError) -> GitID {
    let sorted = files.map { File(path: Array($0.key.utf8), file: $0.value) }
      .sorted { $0.path.lexicographicallyPrecedes($1.path) }
    return try add(sorted[...], recent, below: 0)
  }

  /// - Parameter length: of the path of the folder that all of them are in, with its slash.
  private func add(_ files: ArraySlice<File>, _ recent: RecentFiles, below length: Int) throws(AuditError) -> GitID {
    var entries: [(name: ArraySlice<UInt8>, mode: String, id: GitID)] = []
    var rest = files
    while let first = rest.first {
      guard let slash = first.path[length...].firstIndex(of: UInt8(ascii: "/")) else {
        let id = try add(first.file.bytes, GIT_OBJECT_BLOB, recent, at: first.path)
        entries.append((first.path[length...], first.file.mode, id))
        rest = rest.dropFirst()
        continue
      }
      // Sorted, so all that is in one folder comes together.
      let folder = first.path[...slash]
      let end = rest.firstIndex { $0.path.count <= slash || $0.path[...slash] != folder } ?? rest.endIndex
      // Folders sort as if their names ended with a slash: git's base_name_compare().
      entries.append((folder[length...], "40000", try add(rest[..<end], recent, below: slash + 1)))
      rest = rest[end...]
    }
    entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
    var bytes: [UInt8] = []
    for entry in entries {
      bytes += entry.mode.utf8
      bytes.append(UInt8(ascii: " "))
      bytes += entry.mode == "40000" ? entry.name.dropLast() : entry.name
      bytes.append(0)
      bytes += entry.id.bytes
    }
    return try add(bytes, GIT_OBJECT_TREE, recent, at: Array(files.first?.path.prefix(length) ?? []))
  }

  private func add(
    _ bytes: [UInt8], _ type: git_object_t, _ recent: RecentFiles, at path: [UInt8]
  ) throws(AuditError) -> GitID {
    if let id = recent.id(of: bytes, at: path) {
      add(bytes, type, as: id)
      return id
    }
    let id = try add(bytes, type)
    recent.keep(bytes, at: path, as: id)
    return id
  }

  func add(_ bytes: [UInt8], _ type: git_object_t) throws(AuditError) -> GitID {
    var raw = git_oid()
    try GitRepository.check(git_odb_hash(&raw, bytes, bytes.count, type), "cannot name an object")
    add(bytes, type, as: GitID(raw))
    return GitID(raw)
  }

  private func add(_ bytes: [UInt8], _ type: git_object_t, as id: GitID) {
    if all.insert(id).inserted, !known.contains(id) { pending.append(Pack.Object(id: id, type: type, bytes: bytes)) }
  }

  /// What has been added since the last time. Nil when that is nothing.
  func pack() throws(AuditError) -> Pack? {
    guard !pending.isEmpty else { return nil }
    defer { pending = [] }
    return try Pack(pending)
  }
}
