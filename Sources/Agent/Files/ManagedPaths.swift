// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Which paths were written by us, kept so that a crash at any moment loses nothing: one small file per path, named by
/// the path's digest, below `/var/lib/cluster/managed`.
///
/// What was at a path before is kept as `/var/lib/cluster/backups/PATH.cluster-backup`, and not beside it, because many
/// daemons read whatever lies in a folder of theirs. The order of steps is what makes it safe: first the backup, then
/// the mark, then our bytes; and on the way back first the mark's second line, then the backup, which goes last.
enum ManagedPaths {
  static let folder = "/var/lib/cluster/managed"
  private static let backups = "/var/lib/cluster/backups"

  /// How a path is given back: the mark's second line, written before anything is moved.
  private enum Return: String { case backup, nothing }

  private static func mark(_ path: String) -> String { "\(folder)/\(SHA256.hex(path))" }

  /// With a name of its own, so that it is never the folder that leads to another.
  private static func backup(_ path: String) -> String { "\(backups)\(path).cluster-backup" }

  /// Where earlier versions kept it.
  private static func backupBeside(_ path: String) -> String { "\(path).cluster-backup" }

  /// The backup that there is.
  private static func kept(_ path: String) throws(AgentError) -> String? {
    for place in [backup(path), backupBeside(path)] where try FileSystem.entry(place) != nil { return place }
    return nil
  }

  static func contains(_ path: String) throws(AgentError) -> Bool { try FileSystem.entry(mark(path)) != nil }

  /// Makes a path ours. What is there is kept, once.
  static func adopt(_ path: String) async throws(AgentError) {
    let ours = try contains(path)
    let begun = ours ? try begunReturn(path) : nil
    if ours && begun == nil { return }
    // A return that was begun, with nothing to put back, left our own file.
    if begun != .nothing, try isWorthKeeping(path), try kept(path) == nil { try await keep(path) }
    try note(path)
  }

  /// Makes a path ours that holds a secret. Nothing of what is there is kept, nor what earlier versions have kept: it
  /// may be the secret of before, and a copy is one more place that it can be read from.
  static func adoptSecret(_ path: String) throws(AgentError) {
    for place in [backup(path), backupBeside(path)] where try FileSystem.entry(place) != nil {
      try FileSystem.removeAll(place)
      try FileSystem.syncFolder(FileSystem.parent(place))
    }
    if try contains(path), try begunReturn(path) == nil { return }
    try note(path)
  }

  private static func note(_ path: String) throws(AgentError) {
    try FileSystem.makeFolder(folder, mode: 0o700)
    try FileSystem.write(Array("\(path)\n".utf8), to: mark(path), mode: 0o600)
  }

  /// An empty folder is used as it is.
  private static func isWorthKeeping(_ path: String) throws(AgentError) -> Bool {
    guard let entry = try FileSystem.entry(path) else { return false }
    if entry.kind != .folder { return true }
    return try !FileSystem.names(in: path).isEmpty
  }

  /// A copy, which needs not be on the same file system: the path itself stays until ours takes its place.
  private static func keep(_ path: String) async throws(AgentError) {
    let backup = backup(path)
    try FileSystem.makeFolder(backups, mode: 0o700)
    try FileSystem.makeFolder(FileSystem.parent(backup), mode: 0o700)
    let temporary = "\(backup).cluster-new"
    try FileSystem.removeAll(temporary)
    try await FileSystem.copy(path, to: temporary)
    try FileSystem.move(temporary, to: backup)
  }

  /// Gives a path back: what was there before, or nothing. Says whether the path was ours.
  static func giveBack(_ path: String) async throws(AgentError) -> Bool {
    guard try contains(path) else { return false }
    let kept = try kept(path)
    let plan = try begunReturn(path) ?? (kept == nil ? .nothing : .backup)
    try FileSystem.write(Array("\(path)\n\(plan.rawValue)\n".utf8), to: mark(path), mode: 0o600)
    switch plan {
    case .backup:
      // Without one it was put back already, before a crash.
      if let kept {
        try await FileSystem.putBack(kept, at: path)
        try FileSystem.removeAll(kept)
        try FileSystem.syncFolder(FileSystem.parent(kept))
      }
    case .nothing:
      try FileSystem.removeAll(path)
      let folder = FileSystem.parent(path)
      if try FileSystem.entry(folder) != nil { try FileSystem.syncFolder(folder) }
    }
    try FileSystem.remove(mark(path))
    try FileSystem.syncFolder(folder)
    return true
  }

  private static func begunReturn(_ path: String) throws(AgentError) -> Return? {
    let lines = try FileSystem.text(mark(path)).split(separator: "\n")
    return lines.dropFirst().first.flatMap { Return(rawValue: String($0)) }
  }
}

/// Refuses paths that could lead elsewhere than they say.
enum AbsolutePath {
  static func check(_ path: String) throws(AgentError) {
    guard path.hasPrefix("/"), path.utf8.count > 1 else { throw unfit(path) }
    try checkParts(path.dropFirst(), of: path)
  }

  static func checkRelative(_ path: String) throws(AgentError) { try checkParts(path[...], of: path) }

  /// Refuses folders that belong to the system, where pruning would destroy it.
  static func checkRoot(_ path: String) throws(AgentError) {
    try check(path)
    let parts = path.dropFirst().split(separator: "/").map(String.init)
    let system: Set = ["bin", "boot", "dev", "lib", "lib32", "lib64", "proc", "run", "sbin", "sys"]
    let shared = parts.count > 1 ? "\(parts[0])/\(parts[1])" : parts[0]
    // Folders of packages, of which each package has one below.
    let packages: Set = [
      "etc/apt", "etc/pam.d", "etc/ssh", "etc/systemd", "etc/security", "etc/ssl", "etc/default", "etc/init.d",
      "etc/udev", "etc/network", "var/lib", "var/cache", "var/log", "var/spool", "var/run", "var/tmp", "usr/bin",
      "usr/lib", "usr/libexec", "usr/local", "usr/sbin", "usr/share", "usr/include",
    ]
    guard parts.count >= 2, !system.contains(parts[0]), !(parts.count == 2 && packages.contains(shared)) else {
      throw AgentError(
        .invalid, "\(path) belongs to the system, and is not taken as a folder of ours",
        next: "Name a folder that only the cluster uses.")
    }
  }

  private static func checkParts(_ relative: Substring, of path: String) throws(AgentError) {
    let parts = relative.split(separator: "/", omittingEmptySubsequences: false)
    let fit = parts.allSatisfy { part in
      !part.isEmpty && part != "." && part != ".." && part.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    }
    guard fit else { throw unfit(path) }
  }

  private static func unfit(_ path: String) -> AgentError {
    AgentError(
      .invalid, "\"\(path)\" is not a plain path",
      next: "Remove `.`, `..`, empty parts and control characters.")
  }
}
