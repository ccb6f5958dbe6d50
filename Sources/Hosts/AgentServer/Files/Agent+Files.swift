// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func ensureFile(_ goal: FileGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let owner = try goal.owner.map { (text) throws(AgentError) in try FileSystem.owner(text) }
    return try await install(goal.contents.bytes, at: goal.path, mode: goal.mode, owner: owner)
  }

  func ensureSecretFile(_ goal: SecretFileGoal, _ context: OperationContext) async throws(AgentError) -> Outcome {
    guard let bytes = context.secrets[goal.secret] else { throw .missing(goal.secret) }
    // A folder that is made for secrets is nobody else's business.
    let folder = FileSystem.parent(goal.path)
    try AbsolutePath.check(goal.path)
    try FileSystem.makeFolder(folder, mode: 0o700)
    return try await install(bytes, at: goal.path, mode: goal.mode, owner: try FileSystem.owner(goal.owner))
  }

  func ensureFileAbsent(path: String, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try AbsolutePath.check(path)
    guard try ManagedPaths.contains(path) else {
      return Outcome(changed: false, detail: "nothing of ours is at \(path)")
    }
    _ = try await ManagedPaths.giveBack(path)
    let restored = try FileSystem.entry(path) != nil
    return Outcome(changed: true, detail: restored ? "put back what was there before" : "removed")
  }

  /// Atomic, and keeps what was there before.
  private func install(
    _ bytes: [UInt8], at path: String, mode: UInt16?, owner: FileSystem.Owner?
  ) async throws(AgentError) -> Outcome {
    try AbsolutePath.check(path)
    let before = try FileSystem.entry(path)
    guard before == nil || before?.kind == .file || before?.kind == .link else {
      throw AgentError(
        .conflict, "\(path) is a folder or device, not a file", next: "Move it away if it is not needed, and try again."
      )
    }
    let existing = before?.kind == .file ? before : nil
    let mode = mode ?? existing?.mode ?? 0o644
    let owner = owner ?? existing.map { FileSystem.Owner(uid: $0.uid, gid: $0.gid) } ?? .init(uid: 0, gid: 0)
    try FileSystem.makeFolder(FileSystem.parent(path))
    try await ManagedPaths.adopt(path)
    if let existing, existing.size == bytes.count, existing.mode == mode, existing.uid == owner.uid,
      existing.gid == owner.gid, try FileSystem.read(path) == bytes
    {
      return Outcome(changed: false, detail: "as desired already")
    }
    try FileSystem.write(bytes, to: path, mode: mode, owner: owner)
    return Outcome(
      changed: true, detail: "wrote \(bytes.count) bytes" + (before == nil ? "" : ", replacing another file"))
  }
}
