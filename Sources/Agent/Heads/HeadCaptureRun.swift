// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
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

/// Captures of this head, and the records of what was installed from them.
enum CaptureStore {
  struct Facts: Codable, Sendable {
    /// SHA-256 of `root.squashfs`.
    var sha256: String
    var bytes: Int
  }

  static let root = "/srv/cluster/captures"
  private static let records = "/var/lib/cluster/clones"

  static func folder(_ head: HostID) -> String { "\(root)/\(head)" }

  static func facts(_ head: HostID) throws(AgentError) -> Facts? {
    guard let bytes = try LocalFiles.read("\(folder(head))/capture.json") else { return nil }
    return try? JSONDecoder().decode(Facts.self, from: Data(bytes))
  }

  static func write(_ facts: Facts, of head: HostID) throws(AgentError) {
    try LocalFiles.write(try json(facts), to: "\(folder(head))/capture.json")
  }

  static func record(_ head: HostID) throws(AgentError) -> CloneRecord? {
    let path = path(head)
    guard let bytes = try LocalFiles.read(path) else { return nil }
    do {
      return try JSONDecoder().decode(CloneRecord.self, from: Data(bytes))
    } catch {
      // Not absent: an absent record lets a machine be installed anew.
      throw AgentError(
        .invalid, "\(path) is damaged", cause: "\(error)",
        next: "Remove it if \(head) is to be reinstalled; otherwise restore it.")
    }
  }

  static func write(_ record: CloneRecord) throws(AgentError) {
    try LocalFiles.write(try json(record), to: path(record.head))
  }

  /// Removes the capture and, when that is done, the record. Says whether there was any of it.
  static func forget(_ head: HostID) async throws(AgentError) -> Bool {
    let (folder, path) = (folder(head), path(head))
    try AbsolutePath.check(folder)
    let (isCaptured, isRecorded) = (try LocalFiles.exists(folder), try LocalFiles.exists(path))
    if isCaptured { try await ImageStore.remove(folder) }
    if isRecorded { try LocalFiles.remove(path) }
    return isCaptured || isRecorded
  }

  private static func path(_ head: HostID) -> String { "\(records)/\(head).json" }

  private static func json(_ value: some Encodable) throws(AgentError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    } catch {
      throw AgentError(.invalid, "A record cannot be written", cause: "\(error)", next: "Report this as a bug.")
    }
  }
}
