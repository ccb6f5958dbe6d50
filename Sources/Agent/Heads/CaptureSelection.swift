// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// The choice of what a clone gets of this head's root, made for each file by what kind of file it is.
///
/// A list of names would miss the secret that nobody thought of. So a file that only some may read, and that no package
/// brought, stays here; and so does what people own, what daemons keep, and all that is not part of the system.
struct CaptureSelection {
  /// Folders of a system; the others below `/` are somebody's data.
  private static let system: Set = [
    "bin", "boot", "etc", "lib", "lib32", "lib64", "libx32", "opt", "root", "sbin", "srv", "usr", "var",
  ]
  /// Folders that each system makes for itself: they come along empty.
  private static let empty: Set = ["dev", "home", "media", "mnt", "proc", "run", "sys", "tmp", "lost+found"]
  /// Places of their own file system, at some sites, that are part of the system all the same.
  private static let parts: Set = ["/boot", "/opt", "/usr", "/usr/local", "/var", "/var/lib", "/var/log"]
  /// The part of root's own folder that comes along: who may log in.
  private static let ofRoot: Set = ["/root/.ssh", "/root/.ssh/authorized_keys", "/root/.bashrc", "/root/.profile"]
  /// The part of the agent's notes that comes along: which files and packages are ours.
  private static let ofAgent: Set = ["/var/lib/cluster/managed", "/var/lib/cluster/packages.json"]
  /// Without these nobody gets in. They tell who may, and hold no keys.
  private static let needed = ["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/", "/etc/pam.d/"]
  /// Accounts of people begin here (Debian Policy 9.2.2); 65534 is nobody.
  private static let people: Range<uid_t> = 1000..<65534

  let recipe: CaptureRecipe
  /// In front of every path; empty for this head itself.
  private let root: String
  private let mounts: Set<String>
  private let packages: PackagedPaths
  /// For mksquashfs(1), without the leading slash.
  private(set) var patterns: [String] = []
  /// `PATH: REASON` for each file or whole folder that stays here.
  private(set) var leftOut: [String] = []

  init(_ recipe: CaptureRecipe, of root: String = "") async throws(AgentError) {
    self.recipe = recipe
    self.root = root
    mounts = root.isEmpty ? try LocalFiles.mountPoints() : []
    packages = try await PackagedPaths(of: root)
  }

  mutating func select() throws(AgentError) { _ = try walk("", because: nil, isPrivate: false) }

  /// Looks at what is in a folder.
  ///
  /// - Parameters:
  ///   - reason: why all of it stays here, but for what is to come along. Nil: that depends.
  ///   - isPrivate: others cannot enter it.
  /// - Returns: whether anything of it comes along.
  private mutating func walk(_ folder: String, because reason: String?, isPrivate: Bool) throws(AgentError) -> Bool {
    let before = (patterns.count, leftOut.count)
    var comesAlong = false
    for name in try LocalFiles.names(in: "\(root)\(folder)/") {
      let path = "\(folder)/\(name)"
      if recipe.keeps(path) {
        comesAlong = true
        continue
      }
      var facts = stat()
      guard lstat(root + path, &facts) == 0 else {
        if errno == ENOENT { continue }
        throw LocalFiles.failure("\(path) cannot be looked at")
      }
      let isFolder = facts.st_mode & S_IFMT == S_IFDIR
      let staying = reason ?? self.reason(path, facts, isPrivate: isPrivate)
      if isFolder, staying == nil || recipe.leadsToKept(path) {
        let hidden = isPrivate || facts.st_mode & S_IXOTH == 0
        let inside = try walkFolder(path, name, top: folder.isEmpty, staying, hidden)
        comesAlong = inside || comesAlong || packages.contains(path)
      } else if let staying {
        try leave(path, because: staying)
      } else {
        comesAlong = true
      }
    }
    if !folder.isEmpty, !comesAlong, isPrivate || reason != nil, leftOut.count > before.1 + 1 {
      patterns.removeSubrange(before.0...)
      leftOut.removeSubrange(before.1...)
      try leaveContents(of: folder, because: reason ?? Self.readBySome)
    }
    return comesAlong
  }

  private mutating func walkFolder(
    _ path: String, _ name: String, top: Bool, _ staying: String?, _ isPrivate: Bool
  ) throws(AgentError) -> Bool {
    let isOther = mounts.contains(path) && !Self.parts.contains(path)
    let whole = top && Self.empty.contains(name) ? "not part of the system" : isOther ? "another file system" : staying
    guard let whole, !recipe.leadsToKept(path) else {
      return try walk(path, because: whole, isPrivate: isPrivate)
    }
    try leaveContents(of: path, because: whole)
    // The folder itself comes along, and what is in it does not.
    return true
  }

  private static let readBySome = "only some may read it, and no package brought it"

  /// Why a file or folder stays here. Nil: it comes along, or a folder's contents decide.
  private func reason(_ path: String, _ facts: stat, isPrivate: Bool) -> String? {
    if recipe.excludes(path) { return "it is this head's own" }
    let parts = path.split(separator: "/")
    if let first = parts.first.map(String.init) {
      if parts.count == 1, !Self.system.contains(first), !Self.empty.contains(first) { return "not part of the system" }
      if first == "srv", parts.count == 2, parts[1] != "cluster" { return "not part of the system" }
      if first == "root", parts.count > 1, !Self.ofRoot.contains(path) { return "root's own" }
    }
    if path.hasPrefix("/var/lib/cluster/"), !Self.ofAgent.contains(where: { path == $0 || path.hasPrefix("\($0)/") }) {
      return "the agent's own"
    }
    guard facts.st_mode & S_IFMT == S_IFREG else { return nil }
    if path.hasPrefix("/var/log/") { return "a log" }
    if Self.people.contains(facts.st_uid) { return "somebody's own" }
    // What packages brought there is as public as the packages; what only some may read of it is theirs.
    if path.hasPrefix("/usr/"), !path.hasPrefix("/usr/local/") { return nil }
    if packages.isUnchanged(path) || Self.ofRoot.contains(path) || path.hasPrefix("/var/lib/cluster/") { return nil }
    if Self.needed.contains(where: path.hasPrefix) { return nil }
    if isPrivate || facts.st_mode & S_IROTH == 0 { return Self.readBySome }
    if path.hasPrefix("/var/lib/"), facts.st_uid != 0 { return "a daemon's own" }
    return nil
  }

  private mutating func leave(_ path: String, because reason: String) throws(AgentError) {
    patterns.append(try literal(path))
    leftOut.append("\(path): \(reason)")
  }

  /// A name that begins with a dot is matched by no asterisk.
  private mutating func leaveContents(of path: String, because reason: String) throws(AgentError) {
    patterns += [try literal(path) + "/*", try literal(path) + "/.*"]
    leftOut.append("\(path)/: \(reason)")
  }

  /// Without the leading slash, and with what -wildcards would take for a pattern escaped.
  private func literal(_ path: String) throws(AgentError) -> String {
    let isPlain = path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } && path.last?.isWhitespace != true
    guard isPlain else {
      throw AgentError(
        .invalid, "A file of this head has a name that cannot be left out of a capture: \(path.debugDescription)",
        next: "Rename it, or remove it.")
    }
    return path.dropFirst().map { "*?[]\\!()+@|".contains($0) ? "\\\($0)" : String($0) }.joined()
  }
}

extension CaptureRecipe {
  fileprivate func keeps(_ path: String) -> Bool { kept.contains { path == $0 || path.hasPrefix("\($0)/") } }

  fileprivate func leadsToKept(_ path: String) -> Bool { kept.contains { $0.hasPrefix("\(path)/") } }

  fileprivate func excludes(_ path: String) -> Bool { excluded.contains { fnmatch($0, path, FNM_PATHNAME) == 0 } }
}

/// The files below `/etc`, `/var` and the like that packages brought: dpkg-query(1), "--listfiles".
struct PackagedPaths {
  private static let info = "/var/lib/dpkg/info"
  private var paths: Set<String> = []
  /// Configuration files that only some may read, and that somebody has written a secret into since, perhaps.
  private var changed: Set<String> = []

  init(of root: String) async throws(AgentError) {
    let info = root + Self.info
    for name in try LocalFiles.names(in: info) where name.hasSuffix(".list") {
      let text = String(decoding: try LocalFiles.read("\(info)/\(name)") ?? [], as: UTF8.self)
      for line in text.split(separator: "\n") where !line.hasPrefix("/usr/") || line.hasPrefix("/usr/local/") {
        paths.insert(String(line))
      }
    }
    let known = try Self.configurationFiles(of: root)
    var looked: [String] = []
    for path in known.keys.sorted() {
      if let facts = try LocalFiles.facts(root + path), facts.st_mode & S_IROTH == 0 { looked.append(root + path) }
    }
    guard !looked.isEmpty else { return }
    let sums = try await Command.checked("md5sum", ["--"] + looked, next: "Check the disk's health.").text
    for line in sums.split(separator: "\n") {
      let (sum, path) = (String(line.prefix(32)), String(line.dropFirst(34 + root.count)))
      if known[path] != sum { changed.insert(path) }
    }
  }

  func contains(_ path: String) -> Bool { paths.contains(path) }

  func isUnchanged(_ path: String) -> Bool { paths.contains(path) && !changed.contains(path) }

  /// MD5 by path, as packages brought them: "Conffiles" in `/var/lib/dpkg/status`, deb-conffiles(5).
  private static func configurationFiles(of root: String) throws(AgentError) -> [String: String] {
    let text = String(decoding: try LocalFiles.read("\(root)/var/lib/dpkg/status") ?? [], as: UTF8.self)
    var sums: [String: String] = [:]
    var isList = false
    for line in text.split(separator: "\n") {
      if line == "Conffiles:" {
        isList = true
      } else if isList, line.hasPrefix(" /") {
        let words = line.split(separator: " ")
        if words.count >= 2 { sums[String(words[0])] = String(words[1]) }
      } else {
        isList = false
      }
    }
    return sums
  }
}
