// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

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
