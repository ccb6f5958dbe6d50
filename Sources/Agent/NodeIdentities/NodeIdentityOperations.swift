// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

extension EnsureNodeIdentities: AgentOperation {
  /// The note comes last: where it fails half-way, the files are not what any note says, and are written anew.
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let files = try NodeIdentityFiles(goal, context.secrets)
    let owner = try FileSystem.owner(NodeIdentityFiles.readers)
    let removed = try prepareFolder(owner)
    var written = 0
    var lines: [String] = []
    var tags: [String: String] = [:]
    lines.reserveCapacity(goal.nodes.count)
    for node in goal.nodes {
      if Task.isCancelled { throw .stopped }
      guard let address = node.addresses.first else { continue }
      let made = try files.identity(of: node)
      lines.append(made.line)
      tags[node.name.name] = made.tag
      let path = "\(NodeIdentityFiles.root)/\(address)"
      if try isWritten(made.archive, at: path, mode: NodeIdentityFiles.fileMode, owner) { continue }
      try FileSystem.write(
        made.archive, to: path, mode: NodeIdentityFiles.fileMode, owner: owner, syncingFolder: false)
      written += 1
      if written % 1000 == 0 { context.progress("\(written) identities written") }
    }
    if written + removed > 0 { try FileSystem.syncFolder(NodeIdentityFiles.root) }
    let listed = try await writeHostKeys(lines)
    try writeLoginKey(files.login)
    let note = files.note(contents: try NodeIdentityFiles.contents(), nodes: tags)
    guard try NodeIdentityFiles.readNote() != note else {
      return Outcome(changed: false, detail: "as desired already")
    }
    try NodeIdentityFiles.write(note)
    return Outcome(
      changed: true,
      detail: "\(goal.nodes.count) identities: wrote \(written), removed \(removed)"
        + (listed ? ", and their keys" : ""))
  }

  /// The folder with nothing in it but what nodes of the goal fetch.
  private func prepareFolder(_ owner: FileSystem.Owner) throws(AgentError) -> Int {
    let root = NodeIdentityFiles.root
    if let entry = try FileSystem.entry(root), entry.kind != .folder {
      throw AgentError(.conflict, "\(root) is not a folder", next: "Move away what is at \(root), then try again.")
    }
    try ManagedPaths.adoptSecret(root)
    try FileSystem.makeFolder(root, mode: NodeIdentityFiles.folderMode)
    guard chown(root, owner.uid, owner.gid) == 0, chmod(root, mode_t(NodeIdentityFiles.folderMode)) == 0 else {
      throw FileSystem.failure("\(root) cannot be given its owner and mode", at: root)
    }
    let wanted = Set(goal.nodes.compactMap { $0.addresses.first?.description })
    var removed = 0
    for name in try FileSystem.names(in: root) where !wanted.contains(name) {
      try FileSystem.removeAll("\(root)/\(name)")
      removed += 1
    }
    return removed
  }

  private func isWritten(
    _ bytes: [UInt8], at path: String, mode: UInt16, _ owner: FileSystem.Owner
  ) throws(AgentError) -> Bool {
    guard let entry = try FileSystem.entry(path) else { return false }
    guard entry.kind == .file else {
      try FileSystem.removeAll(path)
      return false
    }
    guard entry.size == bytes.count, entry.mode == mode, entry.uid == owner.uid, entry.gid == owner.gid else {
      return false
    }
    return try FileSystem.read(path) == bytes
  }

  private func writeLoginKey(_ key: HostKey) throws(AgentError) {
    let (bytes, root) = (Array(key.privateText.utf8), FileSystem.Owner(uid: 0, gid: 0))
    if try isWritten(bytes, at: WellKnown.nodeLoginKey, mode: 0o600, root) { return }
    try FileSystem.makeFolder(FileSystem.parent(WellKnown.nodeLoginKey))
    try FileSystem.write(bytes, to: WellKnown.nodeLoginKey, mode: 0o600, owner: root)
  }

  private func writeHostKeys(_ lines: [String]) async throws(AgentError) -> Bool {
    let path = WellKnown.nodeHostKeys
    let text = "# Written by cluster; changes made here are undone.\n" + lines.map { $0 + "\n" }.joined()
    let (bytes, root) = (Array(text.utf8), FileSystem.Owner(uid: 0, gid: 0))
    try await ManagedPaths.adopt(path)
    if try isWritten(bytes, at: path, mode: 0o644, root) { return false }
    try FileSystem.makeFolder(FileSystem.parent(path))
    try FileSystem.write(bytes, to: path, mode: 0o644, owner: root)
    return true
  }
}

extension EnsureNodeIdentitiesAbsent: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let hadFolder = try await ManagedPaths.giveBack(NodeIdentityFiles.root)
    let hadKeys = try await ManagedPaths.giveBack(WellKnown.nodeHostKeys)
    let hadLogin = try FileSystem.remove(WellKnown.nodeLoginKey)
    // Last: as long as it is there, what it tells of is taken away again.
    let hadNote = try FileSystem.remove(WellKnown.nodeIdentitiesNote)
    return hadFolder || hadKeys || hadLogin || hadNote
      ? Outcome(changed: true, detail: "removed") : Outcome(changed: false, detail: "there are none")
  }
}

extension NodeIdentitiesProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> NodeIdentitiesState? {
    guard try FileSystem.entry(WellKnown.nodeIdentitiesNote) != nil else { return nil }
    let site = try context.secrets.required(.nodeIdentities)
    var values: [(SecretRef, [UInt8])] = []
    for secret in needed { values.append((secret, try context.secrets.required(secret))) }
    // Half a note tells of nothing that is as it should be.
    guard let note = try NodeIdentityFiles.readNote() else {
      return NodeIdentitiesState(goal: "", others: [], isIntact: false)
    }
    return note.state(contents: try NodeIdentityFiles.contents(), values, site: site)
  }
}
