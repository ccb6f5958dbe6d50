// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureTree: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try AbsolutePath.checkRoot(goal.root)
    for path in goal.files.keys { try AbsolutePath.checkRelative(path) }
    // A folder that was there before us, with something in it, is kept as a whole.
    if let entry = try FileSystem.entry(goal.root), entry.kind != .folder {
      throw AgentError(
        .conflict, "\(goal.root) is not a folder", next: "Move away what is at \(goal.root), then try again.")
    }
    try await ManagedPaths.adopt(goal.root)
    try FileSystem.makeFolder(goal.root)
    var folders: Set = [goal.root]
    for path in goal.files.keys {
      var folder = FileSystem.parent("\(goal.root)/\(path)")
      while folder.utf8.count > goal.root.utf8.count {
        folders.insert(folder)
        folder = FileSystem.parent(folder)
      }
    }
    let removed = try prune(goal.root, keeping: Set(goal.files.keys.map { "\(goal.root)/\($0)" }), folders: folders)
    var written = 0
    for (path, entry) in goal.files.sorted(by: { $0.key < $1.key }) {
      if Task.isCancelled { throw .stopped }
      let full = "\(goal.root)/\(path)"
      try FileSystem.makeFolder(FileSystem.parent(full))
      let mode: UInt16 = entry.executable ? 0o755 : 0o644
      let bytes = entry.contents.bytes
      if let now = try FileSystem.entry(full), now.kind == .file, now.mode == mode, now.uid == 0, now.gid == 0,
        now.size == bytes.count, try FileSystem.read(full) == bytes
      {
        continue
      }
      try FileSystem.write(bytes, to: full, mode: mode, owner: .init(uid: 0, gid: 0), syncingFolder: false)
      written += 1
      if written % 1000 == 0 { context.progress("\(written) files written") }
    }
    if written + removed > 0 { for folder in folders.sorted() { try FileSystem.syncFolder(folder) } }
    return Outcome(
      changed: written + removed > 0, detail: "\(goal.files.count) files: wrote \(written), removed \(removed)")
  }

  /// Removes everything below that is neither wanted nor on the way to something wanted. Says how much it was.
  private func prune(_ folder: String, keeping files: Set<String>, folders: Set<String>) throws(AgentError) -> Int {
    var removed = 0
    for name in try FileSystem.names(in: folder) {
      let path = "\(folder)/\(name)"
      let kind = try FileSystem.entry(path)?.kind
      if kind == .folder && folders.contains(path) {
        removed += try prune(path, keeping: files, folders: folders)
      } else if kind == .folder || !files.contains(path) || kind == .other {
        try FileSystem.removeAll(path)
        removed += 1
      }
    }
    return removed
  }
}

extension EnsureTreeAbsent: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try AbsolutePath.checkRoot(root)
    guard try await ManagedPaths.giveBack(root) else {
      return Outcome(changed: false, detail: "\(root) is not ours")
    }
    let restored = try FileSystem.entry(root) != nil
    return Outcome(changed: true, detail: restored ? "put back what was there before" : "removed")
  }
}

extension AgentError {
  static let stopped = AgentError(
    .cancelled, "The operation was stopped", next: "Run `cluster apply` again to continue.")
}

extension FileSystem {
  /// Copies a file, link or folder, with owners, modes, times and links, and onto the disk: cp(1), sync(1).
  static func copy(_ path: String, to target: String) async throws(AgentError) {
    let next = "Free some space on the disk that holds \(parent(target))."
    try await Command.checked(
      "cp", ["--archive", "--no-target-directory", "--", path, target], deadline: .seconds(600), next: next)
    if try entry(target)?.kind == .file { try await Command.checked("sync", ["--", target], next: next) }
  }

  /// Puts a copy of what was kept in the place of whatever is at a path; a file or link as a whole. May be repeated.
  static func putBack(_ kept: String, at path: String) async throws(AgentError) {
    try makeFolder(parent(path))
    let beside = "\(parent(path))/.\(name(path)).cluster-new"
    try removeAll(beside)
    try await copy(kept, to: beside)
    // A folder cannot take the place of one that is not empty, nor a file that of a folder.
    let isFolder = try entry(kept)?.kind == .folder
    let wasFolder = try entry(path)?.kind == .folder
    if isFolder || wasFolder { try removeAll(path) }
    try move(beside, to: path)
  }
}
