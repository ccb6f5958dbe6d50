// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// The root that an image is made from: in memory where that is plenty, or else on the disk.
///
/// Unpacking the packages makes thousands of files that are gone some seconds later. On a disk that is most of the time
/// of a build in which only files have changed.
struct BuildRoot {
  /// Bytes that are kept ready for each byte of the packed packages, which become three: a good deal comes on top.
  private static let growth = 12

  /// The folder of the build, `root` in it.
  let work: String
  var path: String { Self.path(in: work) }

  private static func path(in work: String) -> String { "\(work)/root" }

  /// Makes it, empty.
  ///
  /// - Parameter known: bytes of packed packages and of files that will be in it. Nil: nobody knows what comes, as
  ///   where programs of the site add to it.
  func make(known: (packed: Int, files: Int)?) async throws(AgentError) {
    try LocalFiles.makeFolders(path)
    guard let known, let memory = try Self.freeMemory(),
      known.packed * Self.growth + known.files * 2 <= memory / 2
    else { return }
    try await Command.checked(
      "mount", ["--types", "tmpfs", "--options", "size=\(memory / 2),mode=0755", "cluster-build", path],
      next: "Find out why no tmpfs can be mounted at \(path): `dmesg`.")
  }

  /// Removes it, but not the folder of the build.
  func clear() async throws(AgentError) {
    try await Self.unmount(in: work)
    try await ImageStore.remove(path)
  }

  /// Removes a build that has ended, or was broken off.
  static func removeBuild(_ work: String) async throws(AgentError) {
    try await unmount(in: work)
    try await ImageStore.remove(work)
  }

  private static func unmount(in work: String) async throws(AgentError) {
    guard try LocalFiles.mountPoints().contains(path(in: work)) else { return }
    try await Command.checked(
      "umount", ["--", path(in: work)], next: "Find out what is using \(path(in: work)) on this head: `fuser -vm`.")
  }

  /// Bytes that programs can have without swapping: `MemAvailable` of proc_meminfo(5). Nil: it is not told.
  private static func freeMemory() throws(AgentError) -> Int? {
    let text = String(decoding: try LocalFiles.read("/proc/meminfo") ?? [], as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}
