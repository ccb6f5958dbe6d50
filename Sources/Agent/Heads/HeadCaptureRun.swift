// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// Packs this head's root, while it runs, as a squashfs that another head is installed from.
struct HeadCaptureRun {
  /// Mounts of any other type are not part of the root: memory, networks, other machines' disks.
  private static let disks: Set<String> = ["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "vfat", "overlay"]

  let recipe: CaptureRecipe
  let context: OperationContext

  private var folder: String { CaptureStore.folder(recipe.clone) }

  func run() async throws(AgentError) -> CaptureStore.Facts {
    try LocalFiles.makeFolders(folder)
    // zstd halves a root at least.
    try LocalFiles.requireFree(
      try LocalFiles.usedBytes(at: "/") / 2, at: folder, for: "Capturing this head for \(recipe.clone)")
    for name in ["root.squashfs", "capture.json"] { try LocalFiles.remove("\(folder)/\(name)") }
    let squashfs = "\(folder)/.root.squashfs"
    try LocalFiles.remove(squashfs)
    let patterns = "\(folder)/.excluded"
    try LocalFiles.write(Array((try excluded().joined(separator: "\n") + "\n").utf8), to: patterns)
    context.progress("packing this head's root")
    let result = try await Command.run(
      "mksquashfs",
      [
        "/", squashfs, "-noappend", "-comp", "zstd", "-Xcompression-level", "2", "-no-exports", "-no-progress",
        "-no-recovery", "-wildcards", "-ef", patterns,
      ], deadline: .seconds(3600))
    try result.expectSpace(for: "Capturing this head for \(recipe.clone)", program: "mksquashfs", at: folder)
    try LocalFiles.remove(patterns)
    let facts = CaptureStore.Facts(
      sha256: try await ImageStore.sha256(squashfs), bytes: try LocalFiles.size(squashfs) ?? 0)
    // It is served over HTTP without a password, so it holds nothing that needs one.
    guard chmod(squashfs, 0o644) == 0 else { throw LocalFiles.failure("\(squashfs) cannot be served") }
    try LocalFiles.rename(squashfs, to: "\(folder)/root.squashfs")
    try CaptureStore.write(facts, of: recipe.clone)
    return facts
  }

  /// Patterns below `/`: what the recipe names, what other file systems hold, and all logs. Folders of logs stay,
  /// because daemons do not start without theirs.
  private func excluded() throws(AgentError) -> [String] {
    let named = recipe.excluded.map { String($0.drop { $0 == "/" }) }
    let logs = try LocalFiles.files(below: "/var/log").map { "var/log/" + literal($0) }
    return named + (try otherMounts()).map { literal($0) + "/*" } + logs
  }

  /// Characters that -wildcards would take for a pattern.
  private func literal(_ path: String) -> String {
    path.map { "*?[]\\".contains($0) ? "\\\($0)" : String($0) }.joined()
  }

  /// Mount points, without the leading slash, of what is no disk of this machine: see proc_pid_mountinfo(5).
  private func otherMounts() throws(AgentError) -> [String] {
    let text = String(decoding: try LocalFiles.read("/proc/self/mountinfo") ?? [], as: UTF8.self)
    return text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count > 6, let dash = words.firstIndex(of: "-"), dash + 1 < words.count else { return nil }
      let point = words[4].replacing("\\040", with: " ")
      guard point != "/", !Self.disks.contains(String(words[dash + 1])) else { return nil }
      return String(point.dropFirst())
    }
  }
}
