// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension FakeMachine {
  func file(_ path: String, contents: Bool) -> FileState {
    if let target = symbolicLinks[path] { return .link(target: target) }
    // Where there is a file there can be no folder.
    guard let file = files[path] else { return isFolder(path) ? .other("a folder") : .absent }
    let owner = file.owner.split(separator: ":").map(String.init)
    return .file(
      FileFacts(
        digest: file.digest, size: file.bytes.count, mode: file.mode, owner: owner.first ?? "root",
        group: owner.last ?? "root",
        contents: contents && file.bytes.count <= 256 << 10 ? file.text : nil,
        managed: managed[path] != nil))
  }

  private func isFolder(_ path: String) -> Bool {
    folders.contains(path) || !below(path).isEmpty
  }

  func secretFile(_ path: String, _ secret: SecretRef, _ secrets: Secrets) throws(AgentError) -> SecretFileState {
    guard let bytes = secrets[secret] else { throw .missing(secret) }
    guard let file = files[path] else { return symbolicLinks[path] == nil ? .absent : .differs }
    return file.bytes == bytes && file.mode & 0o007 == 0 ? .matches : .differs
  }

  mutating func ensureFile(_ goal: FileGoal) throws(AgentError) -> Outcome {
    try install(goal.contents.bytes, at: goal.path, mode: goal.mode, owner: goal.owner)
  }

  mutating func ensureSecretFile(_ goal: SecretFileGoal, _ secrets: Secrets) throws(AgentError) -> Outcome {
    guard let bytes = secrets[goal.secret] else { throw .missing(goal.secret) }
    try Self.checkPath(goal.path)
    // What was there may be the secret of before: nothing of it is kept.
    if file(goal.path, contents: false).isReplaceable { managed[goal.path] = .nothing }
    return try install(bytes, at: goal.path, mode: goal.mode, owner: goal.owner)
  }

  mutating func ensureSymbolicLink(path: String, target: String) throws(AgentError) -> Outcome {
    try Self.checkPath(path)
    try Self.checkPath(target)
    guard leadsToFile(target) else {
      throw AgentError(
        .notFound, "\(path) is to lead to \(target), and there is no such file",
        next: "Correct the spec, then apply again.")
    }
    try adopt(path)
    if symbolicLinks[path] == target { return Outcome(changed: false, detail: "as desired already") }
    try take(target.utf8.count, for: path)
    files[path] = nil
    symbolicLinks[path] = target
    foldersChanged[path] = step()
    return Outcome(changed: true, detail: "leads to \(target)")
  }

  /// The files of packages are not listed here: with tzdata, there is every zone that anybody asks for.
  private func leadsToFile(_ path: String) -> Bool {
    if let target = symbolicLinks[path] { return files[target] != nil }
    return files[path] != nil || path.hasPrefix("/usr/share/zoneinfo/") && installed["tzdata"] != nil
  }

  mutating func ensureFileAbsent(path: String) throws(AgentError) -> Outcome {
    try Self.checkPath(path)
    guard let backup = managed.removeValue(forKey: path) else {
      return Outcome(changed: false, detail: "nothing of ours is at \(path)")
    }
    files[path] = nil
    symbolicLinks[path] = nil
    restore(backup, at: path)
    return Outcome(changed: true, detail: backup == .nothing ? "removed" : "put back what was there before")
  }

  private mutating func install(
    _ bytes: [UInt8], at path: String, mode: UInt16?, owner: String?
  ) throws(AgentError) -> Outcome {
    try Self.checkPath(path)
    try adopt(path)
    let existing = files[path]
    var wanted = File(
      bytes: bytes, mode: mode ?? existing?.mode ?? 0o644, owner: owner ?? existing?.owner ?? "root:root",
      changed: existing?.changed ?? 0)
    if existing == wanted { return Outcome(changed: false, detail: "as desired already") }
    try take(bytes.count, for: path)
    symbolicLinks[path] = nil
    wanted.changed = step()
    files[path] = wanted
    return Outcome(changed: true, detail: "wrote \(bytes.count) bytes")
  }

  /// Makes a path ours that is to become a file or a link, and keeps what was there before.
  private mutating func adopt(_ path: String) throws(AgentError) {
    guard file(path, contents: false).isReplaceable else {
      throw AgentError(
        .conflict, "\(path) is a folder or device, not a file",
        next: "Move it away if it is not needed, then try again."
      )
    }
    if managed[path] == nil {
      managed[path] = symbolicLinks[path].map { .link($0) } ?? files[path].map { .file($0) } ?? .nothing
    }
  }

  private mutating func restore(_ backup: Backup, at path: String) {
    let now = step()
    switch backup {
    case .nothing: break
    case .link(let target): symbolicLinks[path] = target
    case .file(var file):
      file.changed = now
      files[path] = file
    case .tree(let entries): for (name, file) in entries { files["\(path)/\(name)"] = file }
    }
  }

  // MARK: Trees

  func tree(_ root: String) -> TreeState {
    var found: [String: String] = [:]
    for path in below(root) { found[name(path, in: root)] = files[path]?.digest }
    return TreeState(exists: folders.contains(root) || !found.isEmpty || managed[root] != nil, files: found)
  }

  mutating func ensureTree(_ goal: TreeGoal) throws(AgentError) -> Outcome {
    try Self.checkPath(goal.root)
    for path in goal.files.keys { try Self.checkPath("/" + path) }
    if files[goal.root] != nil || symbolicLinks[goal.root] != nil {
      throw AgentError(
        .conflict, "\(goal.root) is not a folder", next: "Move away what is at \(goal.root), then try again.")
    }
    let before = entries(below: goal.root)
    if managed[goal.root] == nil { managed[goal.root] = before.isEmpty ? .nothing : .tree(before) }
    folders.insert(goal.root)
    var (written, removed) = (0, 0)
    for name in before.keys where goal.files[name] == nil {
      files["\(goal.root)/\(name)"] = nil
      removed += 1
    }
    for (name, entry) in goal.files.sorted(by: { $0.key < $1.key }) {
      let mode: UInt16 = entry.executable ? 0o755 : 0o644
      if before[name]?.bytes == entry.contents.bytes, before[name]?.mode == mode { continue }
      try take(entry.contents.bytes.count, for: "\(goal.root)/\(name)")
      files["\(goal.root)/\(name)"] = File(
        bytes: entry.contents.bytes, mode: mode, owner: "root:root", changed: step())
      written += 1
    }
    if removed > 0 { foldersChanged[goal.root] = step() }
    return Outcome(
      changed: written + removed > 0, detail: "\(goal.files.count) files: wrote \(written), removed \(removed)")
  }

  mutating func ensureTreeAbsent(root: String) throws(AgentError) -> Outcome {
    try Self.checkPath(root)
    guard let backup = managed.removeValue(forKey: root) else {
      return Outcome(changed: false, detail: "\(root) is not ours")
    }
    for name in entries(below: root).keys { files["\(root)/\(name)"] = nil }
    folders.remove(root)
    restore(backup, at: root)
    return Outcome(changed: true, detail: backup == .nothing ? "removed" : "put back what was there before")
  }

  private func entries(below root: String) -> [String: File] {
    var found: [String: File] = [:]
    for path in below(root) { found[name(path, in: root)] = files[path] }
    return found
  }

  /// The whole paths of the files below a folder. Lazy: whoever asks whether there are any needs one only.
  private func below(_ root: String) -> LazyFilterSequence<Dictionary<String, File>.Keys> {
    let prefix = root + "/"
    return files.keys.lazy.filter { $0.hasPrefix(prefix) }
  }

  private func name(_ path: String, in root: String) -> String {
    String(Substring(path.utf8.dropFirst(root.utf8.count + 1)))
  }

  /// When something at or below the path last changed.
  func changed(_ path: String) -> Int {
    let newest = max(files[path]?.changed ?? 0, foldersChanged[path] ?? 0)
    return below(path).reduce(newest) { max($0, files[$1]?.changed ?? 0) }
  }

  /// The agent's rule: absolute, and without parts that lead elsewhere.
  private static func checkPath(_ path: String) throws(AgentError) {
    let parts = path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let fit =
      path.utf8.first == UInt8(ascii: "/") && path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
      && parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
    guard fit else {
      throw AgentError(
        .invalid, "\"\(path)\" is not a plain path",
        next: "Remove `.`, `..`, empty parts and control characters.")
    }
  }
}

extension FileProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> FileState { asked.machine.file(path, contents: contents) }
}

extension SecretFileProbe: MemoryProbe {
  func answer(of asked: AskedMachine) throws(AgentError) -> SecretFileState {
    try asked.machine.secretFile(path, secret, asked.secrets)
  }
}

extension TreeProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> TreeState { asked.machine.tree(root) }
}

extension FileState {
  /// Whether a file or a link may take its place.
  fileprivate var isReplaceable: Bool {
    if case .other = self { return false }
    return true
  }
}
