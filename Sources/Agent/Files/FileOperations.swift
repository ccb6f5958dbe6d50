// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureFile: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let owner = try goal.owner.map { (text) throws(AgentError) in try FileSystem.owner(text) }
    return try await PathReplacement.install(goal.contents.bytes, at: goal.path, mode: goal.mode, owner: owner)
  }
}

extension EnsureSecretFile: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    guard let bytes = context.secrets[goal.secret] else { throw .missing(goal.secret) }
    // A folder that is made for secrets is nobody else's business.
    let folder = FileSystem.parent(goal.path)
    try AbsolutePath.check(goal.path)
    try FileSystem.makeFolder(folder, mode: 0o700)
    return try await PathReplacement.install(
      bytes, at: goal.path, mode: goal.mode, owner: try FileSystem.owner(goal.owner), isSecret: true)
  }
}

extension EnsureSymbolicLink: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try AbsolutePath.check(path)
    try AbsolutePath.check(destination)
    guard try FileSystem.leadsToFile(destination) else {
      throw AgentError(
        .notFound, "\(path) is to lead to \(destination), and there is no such file",
        next: "Correct the spec, then apply again.")
    }
    let before = try PathReplacement.entryToReplace(path)
    try FileSystem.makeFolder(FileSystem.parent(path))
    try await ManagedPaths.adopt(path)
    if before?.kind == .link, try FileSystem.linkTarget(path) == destination {
      return Outcome(changed: false, detail: "as desired already")
    }
    try FileSystem.writeLink(path, to: destination)
    return Outcome(
      changed: true, detail: "leads to \(destination)" + (before == nil ? "" : ", replacing what was there"))
  }
}

extension EnsureFileAbsent: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try AbsolutePath.check(path)
    guard try ManagedPaths.contains(path) else {
      return Outcome(changed: false, detail: "nothing of ours is at \(path)")
    }
    _ = try await ManagedPaths.giveBack(path)
    let restored = try FileSystem.entry(path) != nil
    return Outcome(changed: true, detail: restored ? "put back what was there before" : "removed")
  }
}

/// Puts a file or link at a path that may hold something else.
private enum PathReplacement {
  /// Atomic, and keeps what was there before, unless that may be a secret.
  static func install(
    _ bytes: [UInt8], at path: String, mode: UInt16?, owner: FileSystem.Owner?, isSecret: Bool = false
  ) async throws(AgentError) -> Outcome {
    try AbsolutePath.check(path)
    let before = try entryToReplace(path)
    let existing = before?.kind == .file ? before : nil
    let mode = mode ?? existing?.mode ?? 0o644
    let owner = owner ?? existing.map { FileSystem.Owner(uid: $0.uid, gid: $0.gid) } ?? .init(uid: 0, gid: 0)
    try FileSystem.makeFolder(FileSystem.parent(path))
    if isSecret { try ManagedPaths.adoptSecret(path) } else { try await ManagedPaths.adopt(path) }
    if let existing, existing.size == bytes.count, existing.mode == mode, existing.uid == owner.uid,
      existing.gid == owner.gid, try FileSystem.read(path) == bytes
    {
      return Outcome(changed: false, detail: "as desired already")
    }
    try FileSystem.write(bytes, to: path, mode: mode, owner: owner)
    return Outcome(
      changed: true, detail: "wrote \(bytes.count) bytes" + (before == nil ? "" : ", replacing another file"))
  }

  /// The entry at a path that is to become a file or a link. Nil: nothing.
  static func entryToReplace(_ path: String) throws(AgentError) -> FileSystem.Entry? {
    let entry = try FileSystem.entry(path)
    guard entry == nil || entry?.kind == .file || entry?.kind == .link else {
      throw AgentError(
        .conflict, "\(path) is a folder or device, not a file",
        next: "Move it away if it is not needed, then try again."
      )
    }
    return entry
  }
}
