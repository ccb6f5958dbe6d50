// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension FileProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> FileState {
    try AbsolutePath.check(path)
    guard let entry = try FileSystem.entry(path) else { return .absent }
    switch entry.kind {
    case .link: return .link(target: try FileSystem.linkTarget(path))
    case .folder: return .other("a folder")
    case .other: return .other("a device, socket or pipe")
    case .file: break
    }
    // Read once, so that the digest is of the text that is shown.
    let bytes = entry.size <= 256 << 10 ? try FileSystem.read(path) : nil
    let text = contents ? bytes.flatMap { String(validating: $0, as: UTF8.self) } : nil
    let digest: String
    if let bytes { digest = SHA256.hex(bytes) } else { digest = try await agent.digest(of: path, size: entry.size) }
    return .file(
      FileFacts(
        digest: digest, size: entry.size, mode: entry.mode,
        owner: FileSystem.userName(entry.uid), group: FileSystem.groupName(entry.gid), contents: text,
        managed: try ManagedPaths.contains(path)))
  }
}

extension SecretFileProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> SecretFileState {
    try AbsolutePath.check(path)
    guard let bytes = context.secrets[secret] else { throw .missing(secret) }
    guard let entry = try FileSystem.entry(path) else { return .absent }
    // One that others may read is not as it must be, whatever it holds.
    guard entry.kind == .file, entry.size == bytes.count, entry.mode & 0o007 == 0 else { return .differs }
    return try FileSystem.read(path) == bytes ? .matches : .differs
  }
}

extension TreeProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> TreeState {
    try AbsolutePath.check(root)
    guard let entry = try FileSystem.entry(root) else { return TreeState(exists: false, files: [:]) }
    guard entry.kind == .folder else {
      throw AgentError(.conflict, "\(root) is not a folder", next: "Move away what is at \(root), then try again.")
    }
    var files: [String: String] = [:]
    try await agent.collect("", of: root, into: &files)
    return TreeState(exists: true, files: files)
  }
}

extension Agent {
  /// Adds all below a folder. One that is neither file nor folder is named too, with a digest that no file has: it does
  /// not belong there.
  fileprivate func collect(
    _ prefix: String, of root: String, into files: inout [String: String]
  ) async throws(AgentError) {
    if Task.isCancelled { throw .stopped }
    for name in try FileSystem.names(in: prefix.isEmpty ? root : "\(root)/\(prefix)") {
      let relative = prefix.isEmpty ? name : "\(prefix)/\(name)"
      guard let entry = try FileSystem.entry("\(root)/\(relative)") else { continue }
      switch entry.kind {
      case .file: files[relative] = try await digest(of: "\(root)/\(relative)", size: entry.size)
      case .folder: try await collect(relative, of: root, into: &files)
      case .link, .other: files[relative] = "not a file"
      }
    }
  }

  fileprivate func digest(of path: String, size: Int) async throws(AgentError) -> String {
    if size <= 1 << 20 { return SHA256.hex(try FileSystem.read(path)) }
    let result = try await Command.checked(
      "sha256sum", ["--binary", "--", path], deadline: .seconds(300), next: "Check whether \(path) can be read.")
    // A leading backslash tells of an escaped name: sha256sum(1).
    return String(result.text.drop { $0 == "\\" }.prefix(64))
  }
}
