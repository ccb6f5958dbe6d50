// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension ImageRecipeProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> ImageRecipe? {
    try ImageStore.manifest(image, digest)?.recipe
  }
}

extension ImageBytesProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> ImageBytes? {
    // No other path can be meant.
    let folder = try StoredThings.path(.init(.image, "\(image)/\(digest)"))
    guard try LocalFiles.exists(folder) else { return nil }
    guard let text = try LocalFiles.read("\(folder)/\(ImageStore.manifestName)"),
      let manifest = ImageManifest(json: text)
    else { return ImageBytes(squashfs: nil, wrong: [ImageStore.manifestName]) }
    var bytes = ImageBytes(squashfs: manifest.squashfs)
    if manifest.name != image || manifest.digest != digest || manifest.recipe.digest != digest {
      bytes.wrong.append(ImageStore.manifestName)
    }
    for (file, digest) in manifest.fileDigests {
      guard let digest else {
        bytes.unknown.append(file)
        continue
      }
      let path = "\(folder)/\(file)"
      guard try LocalFiles.exists(path), try await ImageStore.sha256(path) == digest else {
        bytes.wrong.append(file)
        continue
      }
    }
    return bytes
  }
}

extension ImageManifest {
  /// The files that boot is made of beside the root.
  var otherFiles: [String] {
    ImageStore.files.filter { $0 != "root.squashfs" } + (recipe.signature == nil ? [] : [ImageStore.signedScript])
  }

  /// The digests of all files that boot is made of. Nil: it was built when only that of the root was noted.
  var fileDigests: [(file: String, digest: String?)] {
    [("root.squashfs", squashfs)] + otherFiles.map { ($0, files?[$0]) }
  }
}

extension ImageDifferenceProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  private static let folder = "/var/cache/cluster/compared"

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> ImageDifference? {
    let roots = try [old, new].map { (id) throws(AgentError) in
      "\(try StoredThings.path(.init(.image, id)))/root.squashfs"
    }
    for root in roots where try !LocalFiles.exists(root) { return nil }
    guard let lock = try FileLock("/var/lib/cluster/compared.lock") else {
      throw AgentError(.conflict, "Images are being compared on this head", next: "Wait for it, then ask again.")
    }
    let held = HeldLock(lock)
    defer { withExtendedLifetime(held) {} }
    // Of an answer that was broken off, too.
    try await ImageStore.remove(Self.folder)
    let result: Result<ImageDifference, AgentError>
    do throws(AgentError) {
      result = .success(try await compared(roots))
    } catch { result = .failure(error) }
    try await ImageStore.remove(Self.folder)
    return try result.get()
  }

  private func compared(_ roots: [String]) async throws(AgentError) -> ImageDifference {
    try LocalFiles.makeFolders(Self.folder)
    // A root is about three times as large as its squashfs.
    var bytes = 0
    for root in roots { bytes += try LocalFiles.size(root) ?? 0 }
    try LocalFiles.requireFree(bytes * 4, at: Self.folder, for: "Comparing \(old) with \(new)")
    let places = ["old", "new"].map { "\(Self.folder)/\($0)" }
    for (root, place) in zip(roots, places) {
      let result = try await Command.run(
        "unsquashfs", ["-quiet", "-no-progress", "-dest", place, root], deadline: .seconds(300))
      try result.expectSpace(for: "Unpacking \(root)", program: "unsquashfs", at: Self.folder)
    }
    var comparison = TreeComparison(old: places[0], new: places[1])
    try comparison.compare("")
    let files = comparison.files.sorted { $0.path < $1.path }
    return ImageDifference(files: Array(files.prefix(Self.most)), omitted: max(0, files.count - Self.most))
  }
}

/// Two trees, entry by entry.
struct TreeComparison {
  let old: String
  let new: String
  private(set) var files: [ImageDifference.File] = []

  init(old: String, new: String) {
    self.old = old
    self.new = new
  }

  mutating func compare(_ path: String) throws(AgentError) {
    let names = Set(try FileSystem.names(in: old + path)).union(try FileSystem.names(in: new + path))
    for name in names.sorted() {
      let path = "\(path)/\(name)"
      switch (try FileSystem.entry(old + path), try FileSystem.entry(new + path)) {
      case (nil, nil): continue
      case (nil, .some): files.append(.init(path: path, change: .added))
      case (.some, nil): files.append(.init(path: path, change: .removed))
      case (let before?, let after?):
        let details = try details(path, before, after)
        if !details.isEmpty { files.append(.init(path: path, change: .changed, details: details)) }
        if before.kind == .folder, after.kind == .folder { try compare(path) }
      }
    }
  }

  private func details(
    _ path: String, _ before: FileSystem.Entry, _ after: FileSystem.Entry
  ) throws(AgentError) -> [String] {
    guard before.kind == after.kind else { return ["a \(before.kind) -> a \(after.kind)"] }
    var details: [String] = []
    if before.kind == .file, try !haveSameBytes(path, before, after) {
      details.append(
        before.size == after.size ? "other contents" : "contents, \(before.size) -> \(after.size) bytes")
    }
    if before.kind == .link {
      let (old, new) = (try FileSystem.linkTarget(old + path), try FileSystem.linkTarget(new + path))
      if old != new { details.append("to \(old) -> to \(new)") }
    }
    if before.kind != .link, before.mode != after.mode {
      details.append("mode 0\(String(before.mode, radix: 8)) -> 0\(String(after.mode, radix: 8))")
    }
    if before.uid != after.uid || before.gid != after.gid {
      details.append("owner \(before.uid):\(before.gid) -> \(after.uid):\(after.gid)")
    }
    return details
  }

  private func haveSameBytes(
    _ path: String, _ before: FileSystem.Entry, _ after: FileSystem.Entry
  ) throws(AgentError) -> Bool {
    let limit = 1 << 30
    guard before.size == after.size else { return false }
    return try FileSystem.read(old + path, limit: limit) == FileSystem.read(new + path, limit: limit)
  }
}
