// SPDX-License-Identifier: Apache-2.0
import CGit2

extension GitRepository {
  /// Nil when the repository has no object of that name.
  private func read<Value>(
    _ id: GitID, _ body: (git_object_t, UnsafeRawBufferPointer) -> Value
  ) throws(AuditError) -> Value? {
    var object: OpaquePointer?
    var raw = id.raw
    let code = git_odb_read(&object, database, &raw)
    if code == GIT_ENOTFOUND.rawValue { return nil }
    try check(code, "cannot read object \(id)")
    defer { git_odb_object_free(object) }
    return body(
      git_odb_object_type(object),
      UnsafeRawBufferPointer(start: git_odb_object_data(object), count: git_odb_object_size(object)))
  }

  func commit(_ id: GitID) throws(AuditError) -> GitCommit {
    let commit = try read(id) { type, bytes in
      type == GIT_OBJECT_COMMIT ? GitCommit(id: id, bytes: bytes) : nil
    }
    guard let commit = commit ?? nil else {
      throw AuditError(
        .damaged, "commit \(id) is missing or is no commit", cause: nil,
        next: "Check the repository with `git fsck`; if there is a copy, fetch the history from it.")
    }
    return commit
  }

  func blob(_ id: GitID) throws(AuditError) -> [UInt8] {
    let bytes = try read(id) { type, bytes in type == GIT_OBJECT_BLOB ? Array(bytes) : nil }
    guard let bytes = bytes ?? nil else { throw missing(id) }
    return bytes
  }

  /// What a folder of the repository holds, in git's order.
  func entries(_ tree: GitID) throws(AuditError) -> [GitTreeEntry] {
    let entries = try read(tree) { type, bytes in
      type == GIT_OBJECT_TREE ? GitTreeEntry.all(bytes) : nil
    }
    guard let entries = entries ?? nil else { throw missing(tree) }
    return entries
  }

  private func missing(_ id: GitID) -> AuditError {
    AuditError(
      .damaged, "object \(id) is missing or is not what it should be", cause: nil,
      next: "Check the repository with `git fsck`; if there is a copy, fetch the history from it.")
  }

  /// Every file below a folder, by path.
  func files(_ tree: GitID) throws(AuditError) -> [String: GitID] { try fileEntries(tree).mapValues(\.id) }

  /// The same, with what the folders say of them.
  func fileEntries(_ tree: GitID) throws(AuditError) -> [String: GitTreeEntry] {
    var files: [String: GitTreeEntry] = [:]
    for entry in try entries(tree) {
      guard entry.isFolder else {
        files[entry.name] = entry
        continue
      }
      for (path, file) in try fileEntries(entry.id) { files["\(entry.name)/\(path)"] = file }
    }
    return files
  }

  /// Every file and folder below a folder, and itself.
  func objects(_ tree: GitID) throws(AuditError) -> Set<GitID> {
    var all: Set = [tree]
    for entry in try entries(tree) {
      if entry.isFolder { all.formUnion(try objects(entry.id)) } else { all.insert(entry.id) }
    }
    return all
  }

  /// The object at a path below a folder. Nil when there is none.
  func object(_ path: String, in tree: GitID) throws(AuditError) -> GitID? {
    var here = tree
    var names = path.split(separator: "/")[...]
    while let name = names.popFirst() {
      guard let entry = try entries(here).first(where: { $0.name == name }) else { return nil }
      guard entry.isFolder != names.isEmpty else { return nil }
      here = entry.id
    }
    return here
  }

  /// Commits from `start` back, newest first, until `visit` returns false. Where two lines of history were joined, the
  /// newer of the commits that come next is next.
  func walk(from start: GitID, _ visit: (GitCommit) throws(AuditError) -> Bool) throws(AuditError) {
    var next = [try commit(start)]
    var seen: Set = [start]
    while let newest = next.indices.max(by: { next[$0].time < next[$1].time }) {
      let commit = next.remove(at: newest)
      if try !visit(commit) { return }
      for parent in commit.parents where seen.insert(parent).inserted { next.append(try self.commit(parent)) }
    }
  }
}

/// One line of a tree object: `100644 name\0` and the 20 bytes of an object's name.
struct GitTreeEntry: Hashable {
  var name: String
  var isFolder: Bool
  var isExecutable: Bool
  var id: GitID

  static func all(_ bytes: UnsafeRawBufferPointer) -> [GitTreeEntry]? {
    var entries: [GitTreeEntry] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      guard let space = rest.firstIndex(of: UInt8(ascii: " ")), let end = rest[space...].firstIndex(of: 0),
        rest.endIndex - end > 20
      else { return nil }
      var raw = git_oid()
      withUnsafeMutableBytes(of: &raw) { $0.copyBytes(from: rest[(end + 1)...(end + 20)]) }
      entries.append(
        GitTreeEntry(
          name: String(decoding: rest[(space + 1)..<end], as: UTF8.self),
          isFolder: rest[rest.startIndex..<space].elementsEqual("40000".utf8),
          isExecutable: rest[rest.startIndex..<space].elementsEqual("100755".utf8), id: GitID(raw)))
      rest = rest[(end + 21)...]
    }
    return entries
  }
}
