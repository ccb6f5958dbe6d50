// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// Packs this head's root, while it runs, as a squashfs that another head is installed from, and encrypts it.
struct HeadCaptureRun {
  let recipe: CaptureRecipe
  let context: OperationContext

  private var plain: String { "\(CaptureStore.privateFolder(recipe.clone))/root.squashfs" }

  func run() async throws(AgentError) -> (facts: CaptureStore.Facts, leftOut: Int) {
    let clone = recipe.clone
    try await CaptureStore.removeCapture(clone)
    try FileSystem.makeFolder(CaptureStore.privateRoot, mode: 0o700)
    try FileSystem.makeFolder(CaptureStore.privateFolder(clone), mode: 0o700)
    try FileSystem.makeFolder(CaptureStore.folder(clone))
    // zstd halves a root at least, and it is there twice while it is encrypted.
    try LocalFiles.requireFree(
      try LocalFiles.usedBytes(at: "/"), at: CaptureStore.privateRoot, for: "Capturing this head for \(clone)")
    var selection = try await CaptureSelection(recipe)
    try selection.select()
    try FileSystem.makeFolder(FileSystem.parent(CaptureStore.leftOut(clone)))
    try FileSystem.write(
      Array(selection.leftOut.map { "\($0)\n" }.joined().utf8), to: CaptureStore.leftOut(clone), mode: 0o600)
    try await pack(selection)
    let sha256 = try await ImageStore.sha256(plain)
    context.progress("encrypting the capture")
    let key = CaptureStore.key(clone)
    try FileSystem.write(Array(InstallerSeal.randomKey().utf8), to: key, mode: 0o600)
    try await InstallerSeal.encrypt(plain, with: key, to: CaptureStore.encrypted(clone))
    try FileSystem.remove(plain)
    let facts = CaptureStore.Facts(
      sha256: sha256, bytes: try LocalFiles.size(CaptureStore.encrypted(clone)) ?? 0)
    try CaptureStore.write(facts, of: clone)
    return (facts, selection.leftOut.count)
  }

  private func pack(_ selection: CaptureSelection) async throws(AgentError) {
    let patterns = "\(CaptureStore.privateFolder(recipe.clone))/excluded"
    context.progress("packing this head's root")
    let result = try await Self.pack("/", without: selection.patterns, listedIn: patterns, to: plain)
    try result.expectSpace(
      for: "Capturing this head for \(recipe.clone)", program: "mksquashfs", at: CaptureStore.privateRoot)
    try FileSystem.remove(patterns)
  }

  /// mksquashfs gives what it makes the mode that the umask leaves; its folder is root's alone.
  static func pack(
    _ root: String, without patterns: [String], listedIn list: String, to target: String
  ) async throws(AgentError) -> CommandResult {
    try FileSystem.write(Array((patterns.joined(separator: "\n") + "\n").utf8), to: list, mode: 0o600)
    return try await Command.run(
      "mksquashfs",
      [
        root, target, "-noappend", "-comp", "zstd", "-Xcompression-level", "2", "-no-exports", "-no-progress",
        "-no-recovery", "-wildcards", "-ef", list,
      ], deadline: .seconds(3600))
  }
}
