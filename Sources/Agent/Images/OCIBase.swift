// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Glibc
import HostAccess
import Wings

/// The root of an OCI image, for packages to be installed in. Its parts have been copied to this head, and checked.
struct OCIBase {
  /// The only image of the layout that umoci(1) is shown.
  private static let tag = "base"
  /// Folders that the package manager writes below from outside of the root. A link of the image in their place would
  /// lead to this head's own.
  private static let written = [
    "etc", "etc/apt", "etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/sources.list.d", "etc/apt/trusted.gpg.d",
    "etc/dpkg", "etc/dpkg/dpkg.cfg.d", "usr", "usr/bin", "usr/sbin", "var", "var/cache", "var/cache/apt",
    "var/cache/apt/archives", "var/lib", "var/lib/apt", "var/lib/apt/lists", "var/lib/dpkg", "var/lib/dpkg/updates",
    "var/log", "var/log/apt", "dev", "proc", "sys", "run", "tmp",
  ]
  /// Files that it writes or reads so.
  private static let files = [
    "etc/passwd", "etc/group", "etc/fstab", "var/lib/dpkg/status", "var/lib/dpkg/arch", "usr/sbin/policy-rc.d",
    "usr/sbin/start-stop-daemon",
  ]

  /// In /etc/apt, what says nothing of what apt(8) does.
  private static let keys = ["trusted.gpg.d", "keyrings"]

  let oci: OCIImage
  let recipe: ImageRecipe
  let context: OperationContext

  init(_ oci: OCIImage, _ recipe: ImageRecipe, _ context: OperationContext) {
    self.oci = oci
    self.recipe = recipe
    self.context = context
  }

  /// Fills an empty folder with it.
  func unpack(into root: String) async throws(AgentError) {
    context.progress("unpacking \(oci.words)")
    for blob in oci.blobs where try LocalFiles.size("\(WellKnown.ociBlobs)/\(blob.digest)") != blob.size {
      throw AgentError(
        .conflict, "sha256:\(blob.digest) of \(oci.path) is not on this head",
        next: "Run `cluster apply` again: it copies what is missing before it builds.")
    }
    let layout = root + ".layout"
    try makeLayout(layout)
    // It compares each layer with its digest once more, as it unpacks it.
    let result = try await Command.run(
      "umoci", ["raw", "unpack", "--image", "\(layout):\(Self.tag)", root], deadline: .seconds(900))
    try result.expectSpace(for: "Unpacking \(oci.path)", program: "umoci", at: root)
    try checkFolders(root)
    try checkRelease(ImageRoot(path: root))
    try checkAccounts(ImageRoot(path: root))
    // Where packages come from is said by the description. And apt(8) runs outside of the root, where the image's
    // settings would have it run programs of this head: apt.conf(5), APT::Update::Pre-Invoke.
    for name in try LocalFiles.names(in: "\(root)/etc/apt") where !Self.keys.contains(name) {
      try await ImageStore.remove("\(root)/etc/apt/\(name)")
    }
  }

  /// Takes its parts away again, and what earlier builds have left: packages on it are kept, and where they are not, it
  /// comes anew.
  func forget() async throws(AgentError) { try await ImageStore.remove(WellKnown.oci) }

  private struct Index: Encodable {
    struct Manifest: Encodable { var mediaType: String, digest: String, size: Int, annotations: [String: String] }
    var schemaVersion = 2
    var manifests: [Manifest]
  }

  private func makeLayout(_ layout: String) throws(AgentError) {
    let index = Index(manifests: [
      .init(
        mediaType: OCIImage.manifestType, digest: "sha256:\(oci.manifest.digest)", size: oci.manifest.size,
        annotations: ["org.opencontainers.image.ref.name": Self.tag])
    ])
    do {
      try LocalFiles.write(Array(try JSONEncoder().encode(index)), to: "\(layout)/index.json")
    } catch let error as AgentError {
      throw error
    } catch {
      throw AgentError(
        .invalid, "The layout's index cannot be written", cause: "\(error)", next: "Report this as a bug.")
    }
    try LocalFiles.write(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: "\(layout)/oci-layout")
    let blobs = "\(WellKnown.oci)/blobs"
    guard symlink(blobs, "\(layout)/blobs") == 0 else {
      throw LocalFiles.failure("The link \(layout)/blobs cannot be made")
    }
  }

  private func checkFolders(_ root: String) throws(AgentError) {
    for path in Self.written {
      guard let entry = try FileSystem.entry("\(root)/\(path)"), entry.kind != .folder else { continue }
      throw unusable("/\(path) is no folder in it", "Write an image that has a folder there.")
    }
    for path in Self.files {
      guard let entry = try FileSystem.entry("\(root)/\(path)"), entry.kind != .file else { continue }
      throw unusable("/\(path) is no file in it", "Write an image that has a file there.")
    }
    // Merged or not, they lead nowhere else.
    for path in ["bin", "sbin", "lib"] {
      guard let entry = try FileSystem.entry("\(root)/\(path)"), entry.kind == .link else { continue }
      let target = try FileSystem.linkTarget("\(root)/\(path)")
      guard target == "usr/\(path)" || target == "/usr/\(path)" else {
        throw unusable("/\(path) leads to \(target)", "Write an image in which it leads to usr/\(path).")
      }
    }
  }

  private func checkRelease(_ inside: ImageRoot) throws(AgentError) {
    let text = try LocalFiles.read(inside.place("/etc/os-release", following: true)) ?? []
    var values: [String: String] = [:]
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[String(parts[0])] = parts[1].filter { $0 != "\"" } }
    }
    let name = values["PRETTY_NAME"] ?? "something without /etc/os-release"
    guard values["ID"] == "debian", try inside.exists("/usr/bin/dpkg"), try inside.exists("/var/lib/dpkg/status") else {
      throw unusable("it is \(name)", "Begin with an image of Debian, in which dpkg(1) can install a kernel.")
    }
    guard values["VERSION_CODENAME"] == recipe.suite else {
      throw unusable(
        "it is \(name), and the image is to be of \(recipe.suite)", "Correct `release:`, or take another image.")
    }
  }

  /// Accounts of package sets have the same numbers on all machines.
  private func checkAccounts(_ inside: ImageRoot) throws(AgentError) {
    for (file, kind) in [("/etc/passwd", "user"), ("/etc/group", "group")] {
      let text = String(decoding: try LocalFiles.read(inside.place(file)) ?? [], as: UTF8.self)
      var numbers: [Substring: Substring] = [:]
      for line in text.split(separator: "\n") {
        let fields = line.split(separator: ":", omittingEmptySubsequences: false)
        if fields.count > 2 { numbers[fields[0]] = fields[2] }
      }
      for user in recipe.users {
        let wanted = (kind == "user" ? user.passwd : user.group).split(separator: ":", omittingEmptySubsequences: false)
        if let number = numbers[wanted[0]], number != wanted[2] {
          throw unusable(
            "its \(kind) \(wanted[0]) has the number \(number), and \(wanted[2]) on all other machines",
            "Write an image without it: it is made when packages are installed.")
        }
        if let other = numbers.first(where: { $0.value == wanted[2] && $0.key != wanted[0] })?.key {
          throw unusable(
            "its \(kind) \(other) has the number \(wanted[2]), which is that of \(wanted[0]) on all machines",
            "Give \(other) another number.")
        }
      }
    }
  }

  private func unusable(_ reason: String, _ next: String) -> AgentError {
    AgentError(.invalid, "Image \(recipe.name) cannot begin with \(oci.path): \(reason)", next: next)
  }
}
