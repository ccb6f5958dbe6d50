// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Which paths were written by us, kept so that a crash at any moment loses nothing: one small file per path, named by
/// the path's digest, below `/var/lib/cluster/managed`.
///
/// What was at a path before is kept beside it as `PATH.cluster-backup`. The order of steps is what makes it safe:
/// first the backup, then the mark, then our bytes; and on the way back first the mark's second line, then the backup.
enum ManagedPaths {
  static let folder = "/var/lib/cluster/managed"

  /// How a path is given back: the mark's second line, written before anything is moved.
  private enum Return: String { case backup, nothing }

  private static func mark(_ path: String) -> String { "\(folder)/\(SHA256.hex(path))" }

  static func backup(_ path: String) -> String { "\(path).cluster-backup" }

  static func contains(_ path: String) throws(AgentError) -> Bool { try FileSystem.entry(mark(path)) != nil }

  /// Makes a path ours. What is there is kept, once.
  static func adopt(_ path: String, keep: (_ backup: String) async throws(AgentError) -> Void) async throws(AgentError)
  {
    let ours = try contains(path)
    let begun = ours ? try begunReturn(path) : nil
    if ours && begun == nil { return }
    // A return that was begun, with nothing to put back, left our own file.
    let isOriginal = begun != .nothing
    if isOriginal, try FileSystem.entry(path) != nil, try FileSystem.entry(backup(path)) == nil {
      try await keep(backup(path))
    }
    try FileSystem.makeFolder(folder, mode: 0o700)
    try FileSystem.write(Array("\(path)\n".utf8), to: mark(path), mode: 0o600)
  }

  /// Gives a path back: what was there before, or nothing. Says whether the path was ours.
  static func giveBack(_ path: String) throws(AgentError) -> Bool {
    guard try contains(path) else { return false }
    let hasBackup = try FileSystem.entry(backup(path)) != nil
    let plan = try begunReturn(path) ?? (hasBackup ? .backup : .nothing)
    try FileSystem.write(Array("\(path)\n\(plan.rawValue)\n".utf8), to: mark(path), mode: 0o600)
    switch plan {
    case .backup where hasBackup:
      // A folder cannot take the place of one that is not empty.
      if try FileSystem.entry(path)?.kind == .folder { try FileSystem.removeAll(path) }
      try FileSystem.move(backup(path), to: path)
    // Put back already, before a crash.
    case .backup: break
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
