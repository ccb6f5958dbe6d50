// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc

extension FileSystem {
  package struct Owner: Hashable, Sendable {
    package var uid: UInt32
    package var gid: UInt32

    package init(uid: UInt32, gid: UInt32) {
      self.uid = uid
      self.gid = gid
    }

    /// Whoever this process works as.
    package static var own: Owner { Owner(uid: geteuid(), gid: getegid()) }
  }

  /// Puts a file in place as a whole: at every moment, also after a power cut, the path holds the old or the new bytes.
  ///
  /// - Parameter syncingFolder: off where the caller writes many files and makes their names durable at the end.
  package static func write(
    _ bytes: [UInt8], to path: String, mode: UInt16 = 0o644, owner: Owner = .own, syncingFolder: Bool = true
  ) throws(AgentError) {
    // Hidden, because daemons such as dnsmasq read every file of a folder but hidden ones; and always the same, so
    // that what a crash left is written over.
    let temporary = "\(parent(path))/.\(name(path)).cluster-new"
    try prepare(bytes, temporary, for: path, mode, owner)
    if rename(temporary, path) != 0 {
      let problem = failure("\(path) cannot be put in place", at: path)
      unlink(temporary)
      throw problem
    }
    if syncingFolder { try syncFolder(parent(path)) }
  }

  /// Puts a symbolic link in place, so that at every moment the path leads to the old or the new target, or holds the
  /// old bytes.
  package static func writeLink(_ path: String, to target: String) throws(AgentError) {
    let temporary = "\(parent(path))/.\(name(path)).cluster-new"
    try remove(temporary)
    guard symlink(target, temporary) == 0 else { throw failure("\(path) cannot be made a link", at: path) }
    if rename(temporary, path) != 0 {
      let problem = failure("\(path) cannot be put in place", at: path)
      unlink(temporary)
      throw problem
    }
    try syncFolder(parent(path))
  }

  /// As `write`, unless the path is taken. Of several processes that do it at once, one does, and none waits.
  ///
  /// - Returns: whether it is this file.
  package static func create(_ bytes: [UInt8], at path: String, mode: UInt16) throws(AgentError) -> Bool {
    let unique = "\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    let temporary = "\(parent(path))/.\(name(path)).\(unique).cluster-new"
    try prepare(bytes, temporary, for: path, mode, .own)
    defer { unlink(temporary) }
    if link(temporary, path) != 0 {
      if errno == EEXIST { return false }
      throw failure("\(path) cannot be put in place", at: path)
    }
    try syncFolder(parent(path))
    return true
  }

  /// A whole file beside the one that it is to become. Nothing is left of it when that fails.
  private static func prepare(
    _ bytes: [UInt8], _ temporary: String, for path: String, _ mode: UInt16, _ owner: Owner
  ) throws(AgentError) {
    try remove(temporary)
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("\(path) cannot be written", at: path) }
    var problem: AgentError?
    do throws(AgentError) {
      defer { _ = close(file) }
      try write(bytes, file, path)
      guard fchown(file, owner.uid, owner.gid) == 0, fchmod(file, mode_t(mode)) == 0 else {
        throw failure("\(path) cannot be given its owner and mode", at: path)
      }
      if fsync(file) != 0 { throw failure("\(path) cannot be written", at: path) }
    } catch { problem = error }
    if let problem {
      unlink(temporary)
      throw problem
    }
  }

  /// Writes all of it to an open file, whose path is for an error to say. Nothing is synced.
  package static func write(_ bytes: [UInt8], _ file: Int32, _ path: String) throws(AgentError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { all in
        Glibc.write(file, all.baseAddress?.advanced(by: written), all.count - written)
      }
      guard count >= 0 else {
        if errno == EINTR { continue }
        throw failure("\(path) cannot be written", at: path)
      }
      written += count
    }
  }

  /// Writes a setting of the kernel's, below /proc or /sys: these want one write(2), and no rename.
  package static func writeSetting(_ text: String, _ path: String) throws(AgentError) {
    let file = open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("\(path) cannot be opened", at: path) }
    defer { _ = close(file) }
    try write(Array(text.utf8), file, path)
  }

  /// Makes names in a folder durable: rename(2) alone does not survive a power cut.
  package static func syncFolder(_ folder: String) throws(AgentError) {
    let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw failure("\(folder) cannot be opened") }
    defer { _ = close(file) }
    guard fsync(file) == 0 else { throw failure("\(folder) cannot be made durable", at: folder) }
  }

  /// Makes a folder and the missing ones above it. Says whether it was missing.
  @discardableResult
  package static func makeFolder(_ path: String, mode: UInt16 = 0o755) throws(AgentError) -> Bool {
    var status = stat()
    // Here links are followed: /var/run and the like lead to folders.
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw AgentError(.conflict, "\(path) is not a folder", next: "Move away what is at \(path), then try again.")
      }
      return false
    }
    guard errno == ENOENT else { throw failure("\(path) cannot be looked at") }
    if path != "/" { try makeFolder(parent(path)) }
    guard mkdir(path, mode_t(mode)) == 0 else {
      if errno == EEXIST { return false }
      throw failure("\(path) cannot be made", at: path)
    }
    // The umask must not decide about what the cluster's services can read.
    guard chmod(path, mode_t(mode)) == 0 else { throw failure("\(path) cannot be given its mode") }
    return true
  }

  /// Removes a file or link. Says whether there was one.
  @discardableResult
  package static func remove(_ path: String) throws(AgentError) -> Bool {
    if unlink(path) == 0 { return true }
    if errno == ENOENT || errno == ENOTDIR { return false }
    throw failure("\(path) cannot be removed")
  }

  /// Removes whatever is at a path, with everything in it. Follows no link.
  package static func removeAll(_ path: String) throws(AgentError) {
    guard let entry = try entry(path) else { return }
    guard entry.kind == .folder else {
      try remove(path)
      return
    }
    for name in try names(in: path) { try removeAll("\(path)/\(name)") }
    guard rmdir(path) == 0 || errno == ENOENT else { throw failure("\(path) cannot be removed") }
  }

  package static func move(_ path: String, to target: String) throws(AgentError) {
    guard rename(path, target) == 0 else { throw failure("\(path) cannot be moved to \(target)") }
    try syncFolder(parent(target))
  }
}

extension FileSystem {
  /// Leaves a folder alone that holds something, or is not there.
  package static func removeFolderIfEmpty(_ path: String) { rmdir(path) }
}
