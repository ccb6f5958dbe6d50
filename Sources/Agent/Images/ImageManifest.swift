// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import HostAccess
import Wings

/// The contents of an image, kept beside it. Two images can be compared by their manifests.
struct ImageManifest: Codable, Sendable {
  var name: String
  /// The recipe's digest: the image's identity.
  var digest: String
  /// SHA-256 of `root.squashfs`.
  var squashfs: String
  var bytes: Int
  /// SHA-256 of the other files that boot is made of, by their names. Nil: it was built before they were noted.
  var files: [String: String]?
  /// Versions by package.
  var packages: [String: String]
  var recipe: ImageRecipe

  init(recipe: ImageRecipe, squashfs: String, bytes: Int, packages: [String: String]) {
    name = recipe.name
    digest = recipe.digest
    self.squashfs = squashfs
    self.bytes = bytes
    self.packages = packages
    self.recipe = recipe
  }

  /// Reads a manifest. Nil when the bytes are none.
  init?(json: [UInt8]) {
    guard let manifest = try? JSONDecoder().decode(Self.self, from: Data(json)) else { return nil }
    self = manifest
  }

  /// The same bytes for the same manifest.
  func json() throws(AgentError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    } catch {
      throw AgentError(
        .invalid, "The image's manifest cannot be written", cause: "\(error)", next: "Report this as a bug.")
    }
  }

  var state: ImageState {
    ImageState(name: name, digest: digest, squashfs: squashfs, bytes: bytes, packages: packages)
  }
}

extension ImageManifest {
  /// The second half of a node's boot, the same for every node of this image.
  ///
  /// The node's own script comes first and sets `head`, the address that serves, `consoles`, and `nodeargs`, what only
  /// this node's kernel is told.
  var bootScript: String {
    """
    #!ipxe
    # \(name)/\(digest), \(bytes >> 20) MiB
    set base http://${head}/images/\(name)/\(digest)
    set tries:int32 0
    :again
    imgfree
    kernel ${base}/vmlinuz panic=30 initrd=initrd boot=cluster cluster.image=${base}/root.squashfs cluster.sha256=\(squashfs) \
    image=\(name)/\(digest) ${consoles} ${nodeargs} && initrd --name initrd ${base}/initrd && boot ||
    \(BootScript.retry)
    """
  }
}

extension ImageManifest {
  /// The script for GRUB, where boot is signed.
  var signedScript: String { SignedBoot.imageScript("\(name)/\(digest)", squashfs: squashfs) }
}

/// Built images on this head: `/srv/cluster/images/NAME/DIGEST/`, each complete or not there.
struct ImageStore {
  static let root = "/srv/cluster/images"
  /// The files of a complete image.
  static let files = ["root.squashfs", "vmlinuz", "initrd", "boot.ipxe"]
  static let signedScript = "boot.cfg"
  /// The files of an image that are signed, where boot is.
  static let signed = [signedScript, "vmlinuz", "initrd"]
  /// Whatever an image is more, where boot is signed.
  static let signatures = [signedScript] + signed.map(signature)
  static func signature(_ file: String) -> String { "\(file).sig" }
  static let manifestName = "manifest.json"

  static func folder(_ name: String, _ digest: String) -> String { "\(root)/\(name)/\(digest)" }
  /// Beside the final place, so that finishing is one rename(2).
  static func unfinished(_ name: String, _ digest: String) -> String { "\(root)/\(name)/.unfinished-\(digest)" }

  /// The manifest of an image. Nil when there is no such image, or not all of it.
  static func manifest(_ name: String, _ digest: String) throws(AgentError) -> ImageManifest? {
    let folder = folder(name, digest)
    guard let bytes = try LocalFiles.read("\(folder)/\(manifestName)") else { return nil }
    guard let manifest = ImageManifest(json: bytes), manifest.name == name, manifest.digest == digest,
      try LocalFiles.size("\(folder)/root.squashfs") == manifest.bytes
    else { return nil }
    let wanted = manifest.recipe.signature == nil ? files : files + signatures
    for file in wanted where try !LocalFiles.exists("\(folder)/\(file)") { return nil }
    return manifest
  }

  /// An empty folder for what will become an image.
  static func begin(_ name: String, _ digest: String) async throws(AgentError) -> String {
    let folder = unfinished(name, digest)
    try await remove(folder)
    try LocalFiles.makeFolders(folder)
    return folder
  }

  static func finish(_ name: String, _ digest: String) async throws(AgentError) {
    let folder = folder(name, digest)
    try await remove(folder)
    // Those files alone: the root that they were made from is on the same file system, and about to be removed.
    let files = try LocalFiles.names(in: unfinished(name, digest)).map { "\(unfinished(name, digest))/\($0)" }
    try await Command.checked(
      "sync", ["--"] + files + [unfinished(name, digest)], deadline: .seconds(300), next: "Check the disk's health.")
    try LocalFiles.rename(unfinished(name, digest), to: folder)
  }

  static func remove(_ folder: String) async throws(AgentError) {
    try await Command.checked(
      "rm", ["-rf", "--one-file-system", "--", folder], deadline: .seconds(120),
      next: "Find out what is using \(folder) on this head.")
  }

  static func sha256(_ path: String) async throws(AgentError) -> String {
    let result = try await Command.checked(
      "sha256sum", ["--", path], deadline: .seconds(600), next: "Check the disk's health: \(path) cannot be read.")
    return String(result.text.prefix { !$0.isWhitespace })
  }
}
