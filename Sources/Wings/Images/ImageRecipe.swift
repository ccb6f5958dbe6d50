// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Everything an image is made from. Its digest is the image's identity.
package struct ImageRecipe: Hashable, Codable, Sendable {
  package var name: String
  /// `bookworm`.
  package var suite: String
  /// The OCI image that it begins with. Nil: it is bootstrapped.
  package var oci: OCIImage?
  package var mirror: String?
  package var security: String?
  package var proxy: String?
  /// The day whose packages it has.
  package var asOf: ArchiveDate?
  /// Where that day is kept. Nil: packages are those of the day on which they are installed.
  package var snapshot: String?
  package var kernel: String
  package var packages: [String]
  /// Folders on the building head, laid over the root in this order; each named with the digest of its contents.
  package var overlays: [Overlay]
  /// Programs on the building head, run in the image's root in this order.
  package var finish: [Overlay]
  /// Symbolic links of the site's own files: where each leads, by its path in the image.
  package var links: [String: String]
  /// Owners and modes, given when all else is done.
  package var permissions: [ClientImage.Permission]
  /// Paths that nodes get a secret at. A package may have put a secret of its own there, which all could read.
  package var secretPaths: [String]
  /// Accounts that are made before the packages are installed, which would give them any numbers.
  package var users: [SystemUser]
  /// The secret that signs what boots it. Nil: nothing does.
  package var signature: SecretRef?
  /// Repositories beside the distribution's.
  package var extra: [PackageSource]
  /// Parts of packages and of the kernel that images do without otherwise.
  package var keep: [ImagePart]
  package var digest: String

  package struct Overlay: Hashable, Codable, Sendable {
    package var path: String
    package var digest: String

    package init(path: String, digest: String) {
      self.path = path
      self.digest = digest
    }
  }

  package init(
    name: String, suite: String, oci: OCIImage? = nil, mirror: String?, security: String? = nil, proxy: String?,
    asOf: ArchiveDate? = nil, snapshot: String? = nil, kernel: String, packages: [String], overlays: [Overlay],
    finish: [Overlay], links: [String: String] = [:],
    permissions: [ClientImage.Permission] = [], secretPaths: [String] = [], users: [SystemUser] = [],
    signature: SecretRef? = nil, extra: [PackageSource] = [], keep: [ImagePart] = []
  ) {
    self.name = name
    self.suite = suite
    self.oci = oci
    self.mirror = mirror
    self.security = security
    self.proxy = proxy
    self.asOf = asOf
    self.snapshot = asOf == nil ? nil : snapshot
    self.kernel = kernel
    self.packages = packages.sorted()
    self.overlays = overlays
    self.finish = finish
    self.links = links
    self.permissions = permissions
    self.secretPaths = secretPaths
    self.users = users.sorted { $0.uid < $1.uid }
    self.signature = signature
    self.extra = extra
    self.keep = ImagePart.allCases.filter(keep.contains)
    // The proxy says how packages travel, not what they are; everything else makes another image.
    let inputs =
      [
        "image-format 3", suite, Self.origin(mirror, security, self.snapshot, asOf), kernel,
        self.packages.joined(separator: " "),
        overlays.map(\.digest).joined(separator: " "), finish.map(\.digest).joined(separator: " "),
        links.sorted { $0.key < $1.key }.map { "\($0.key) -> \($0.value)" }.joined(separator: "\n"),
        permissions.map { "\($0.path) \($0.owner) \($0.mode)" }.joined(separator: "\n"),
      ] + (secretPaths.isEmpty ? [] : [secretPaths.joined(separator: "\n")]) + Self.accounts(self.users)
      + Self.repositories(extra) + Self.kept(self.keep) + Self.bases(oci)
      // So that no head signs an image which it took over from another one unsigned.
      + (signature.map { ["signed with \($0.name)"] } ?? [])
    digest = String(SHA256.hex(inputs.joined(separator: "\n")).prefix(16))
  }
}

extension ImageRecipe {
  /// Where packages come from. Images of a mirror once had no security updates: they are made anew.
  private static func origin(
    _ mirror: String?, _ security: String?, _ snapshot: String?, _ asOf: ArchiveDate?
  ) -> String {
    let day = asOf.map { " as of \($0)" } ?? ""
    if let snapshot { return snapshot + day }
    if mirror == nil, security == nil { return "default" + day }
    return "\(mirror ?? "default") with security updates of \(security ?? "default")" + day
  }

  /// The lines of sources.list(5) that its packages come from.
  package var sources: [String] {
    if let snapshot, let asOf { return Repositories.sources(suite: suite, snapshot: snapshot, asOf: asOf) }
    return Repositories.sources(suite: suite, mirror: mirror, security: security)
  }
}

extension ImageRecipe.Overlay {
  /// The digest of a folder: of every file's path, contents and whether it can be run, in the order of paths.
  package static func digest(of files: [String: (contents: String, executable: Bool)]) -> String {
    SHA256.hex(
      files.sorted { $0.key < $1.key }.map { path, file in
        "\(file.contents) \(file.executable ? "x" : "-") \(path)\n"
      }.joined())
  }

  /// A folder that a tree of ours makes, or a folder within one.
  package init(path: String, files: [String: TreeGoal.Entry]) {
    self.init(
      path: path, digest: Self.digest(of: files.mapValues { (contents: $0.contents.digest, executable: $0.executable) })
    )
  }

  /// A single program.
  package init(path: String, program: Content) {
    self.init(path: path, digest: program.digest)
  }
}

extension ImageRecipe {
  /// Whether its squashfs has the table by which an NFS server finds files by their numbers.
  package var isExportable: Bool { overlays.contains { $0.path == ImageRecipes.contributed(NFS.contribution) } }

  /// The key of all that the packages of an image are made from: images with one key differ only in their files.
  package var layerKey: String { addedPackages.isEmpty ? baseKey : key(of: packages) }

  /// The key of what those packages are installed on. Images with one key differ in packages that are added to it.
  package var baseKey: String { key(of: basePackages) }

  /// Packages of every image. They are installed first and by themselves, whichever others there are: accounts, say,
  /// get their numbers in that order, and an image is the same whether its base was made for it or is there already.
  package var basePackages: [String] { packages.filter(Self.isOfEvery) }

  /// Packages that are installed on those.
  package var addedPackages: [String] { packages.filter { !Self.isOfEvery($0) } }

  private static func isOfEvery(_ package: String) -> Bool { everyPackage.contains(package) }
  private static let everyPackage = Set(ImagePayload.packages)

  private func key(of packages: [String]) -> String {
    let inputs =
      [
        "layer-format 2", suite, Self.origin(mirror, security, snapshot, asOf), kernel,
        packages.joined(separator: " "),
      ] + Self.accounts(users) + Self.repositories(extra) + Self.kept(keep.filter(\.isOfPackages)) + Self.bases(oci)
    return String(SHA256.hex(inputs.joined(separator: "\n")).prefix(16))
  }

  /// Inputs of the digest: what it begins with, wherever that is kept.
  private static func bases(_ oci: OCIImage?) -> [String] { oci.map { ["on sha256:\($0.manifest.digest)"] } ?? [] }
}

extension ImageRecipe {
  /// The same image with the packages of another day. One without a date stays without.
  package func asOf(_ date: ArchiveDate) -> ImageRecipe {
    guard asOf != nil else { return self }
    return ImageRecipe(
      name: name, suite: suite, oci: oci, mirror: mirror, security: security, proxy: proxy, asOf: date,
      snapshot: snapshot,
      kernel: kernel, packages: packages, overlays: overlays, finish: finish, links: links, permissions: permissions,
      secretPaths: secretPaths, users: users, signature: signature, extra: extra, keep: keep)
  }

  /// Inputs of the digest: another key is another source, whatever its packages are called.
  private static func repositories(_ extra: [PackageSource]) -> [String] {
    extra.isEmpty ? [] : [PackageSource.file(extra)]
  }

  private static func kept(_ parts: [ImagePart]) -> [String] {
    parts.isEmpty ? [] : ["with " + parts.map(\.rawValue).joined(separator: " ")]
  }

  /// Inputs of the digest. Images without accounts of ours keep the one that they have.
  private static func accounts(_ users: [SystemUser]) -> [String] {
    users.isEmpty ? [] : [users.map { "\($0.passwd) \($0.group)" }.joined(separator: "\n")]
  }
}
