// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess

/// What apt knows of the mirrors, and how old that is.
enum PackageLists {
  private static let folder = "/var/lib/apt/lists"
  /// Written by us after each update. The lists' own times are the mirror's, not ours.
  private static let stamp = "/var/lib/cluster/package-lists-updated"

  /// No lists, older than a day, or from before the sources last changed.
  static func isOld() throws(AgentError) -> Bool {
    guard try FileSystem.entry(folder) != nil, let updated = try FileSystem.entry(stamp)?.changed,
      try FileSystem.names(in: folder).contains(where: { $0.contains("_Packages") })
    else { return true }
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let changed = try newest("/etc/apt")
    return Int64(time.tv_sec) - updated / 1_000_000_000 > 86_400 || updated < changed
  }

  static func update(_ progress: @escaping @Sendable (String) -> Void) async throws(AgentError) {
    try await APT.update(progress)
    try FileSystem.makeFolder(FileSystem.parent(stamp))
    try FileSystem.write([], to: stamp)
  }

  private static func newest(_ path: String) throws(AgentError) -> Int64 {
    guard let entry = try FileSystem.entry(path) else { return 0 }
    guard entry.kind == .folder else { return entry.changed }
    var newest = entry.changed
    for name in try FileSystem.names(in: path) { newest = max(newest, try self.newest("\(path)/\(name)")) }
    return newest
  }
}
