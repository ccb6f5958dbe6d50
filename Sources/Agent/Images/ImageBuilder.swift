// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// Builds one image: packages, then files, then finishing programs, then the initramfs, then the squashfs.
///
/// All work is done beside the image's final place, so a build that ends early leaves nothing that could be served.
struct ImageBuilder {
  /// The space that a build needs on the way, with and without the packages in the cache.
  private static let coldSpace = 2 << 30
  private static let warmSpace = 3 << 29
  /// Nothing in an image is younger than this, so that a rebuild of the same inputs gives the same bytes.
  static let epoch = "1700000000"

  let recipe: ImageRecipe
  let context: OperationContext
  let work: String
  private var root: String { "\(work)/root" }
  private var inside: ImageRoot { ImageRoot(path: root) }

  init(_ recipe: ImageRecipe, _ context: OperationContext) {
    self.recipe = recipe
    self.context = context
    work = "/var/cache/cluster/build/\(recipe.name)-\(recipe.digest)"
  }

  func build() async throws(AgentError) -> ImageManifest {
    try checkInputs()
    let layer = PackageLayer(recipe, context)
    try LocalFiles.makeFolders(work)
    try LocalFiles.requireFree(
      try layer.isCached ? Self.warmSpace : Self.coldSpace, at: work, for: "Building image \(recipe.name)")
    try await ImageStore.remove(work)
    try LocalFiles.makeFolders(root)
    let result: Result<ImageManifest, AgentError>
    do {
      result = .success(try await build(on: layer))
    } catch {
      result = .failure(error)
    }
    try await ImageStore.remove(work)
    return try result.get()
  }

  private func build(on layer: PackageLayer) async throws(AgentError) -> ImageManifest {
    try await layer.unpack(into: root)
    try makeDevices()
    for overlay in recipe.overlays { try await lay(overlay) }
    for (path, target) in recipe.links.sorted(by: { $0.key < $1.key }) { try inside.link(path, to: target) }
    for program in recipe.finish { try await finish(with: program) }
    for permission in recipe.permissions { try await give(permission) }
    let packages = try await packageVersions()
    let kernel = try await kernelVersion()
    let out = try await ImageStore.begin(recipe.name, recipe.digest)
    try await emptyIdentity()
    // Side by side: what the initramfs is made in and put into is no part of the squashfs.
    async let initramfs = settled { () async throws(AgentError) in try await makeInitramfs(kernel, into: out) }
    let packed = await settled { () async throws(AgentError) in try await pack(into: "\(out)/root.squashfs") }
    try await initramfs.get()
    try packed.get()
    // Thousands of files go while few large ones are read.
    async let cleared = settled { () async throws(AgentError) in try await ImageStore.remove(root) }
    let manifest = try await describe(out, packages)
    try await cleared.get()
    try await ImageStore.finish(recipe.name, recipe.digest)
    return manifest
  }

  /// Writes down what the image is, and signs it where boot is signed.
  private func describe(
    _ out: String, _ packages: [String: String]
  ) async throws(AgentError) -> ImageManifest {
    var manifest = ImageManifest(
      recipe: recipe, squashfs: try await ImageStore.sha256("\(out)/root.squashfs"),
      bytes: try LocalFiles.size("\(out)/root.squashfs") ?? 0, packages: packages)
    try LocalFiles.write(Array(manifest.bootScript.utf8), to: "\(out)/boot.ipxe")
    if let signature = recipe.signature {
      let key = try await SigningKey(secret: context.secret(signature))
      try LocalFiles.write(Array(manifest.signedScript.utf8), to: "\(out)/\(ImageStore.signedScript)")
      try await ImageSignatures(folder: out).sign(with: key)
    }
    manifest.files = [:]
    for file in manifest.otherFiles { manifest.files?[file] = try await ImageStore.sha256("\(out)/\(file)") }
    try LocalFiles.write(try manifest.json(), to: "\(out)/\(ImageStore.manifestName)")
    return manifest
  }

  /// The recipe names its inputs by digest; other files at the same path would make an image that lies about itself.
  private func checkInputs() throws(AgentError) {
    for overlay in recipe.overlays {
      var files: [String: (contents: String, executable: Bool)] = [:]
      for path in try LocalFiles.files(below: overlay.path) {
        let whole = "\(overlay.path)/\(path)"
        files[path] = (SHA256.hex(try LocalFiles.read(whole) ?? []), try LocalFiles.isExecutable(whole))
      }
      try expect(overlay, ImageRecipe.Overlay.digest(of: files))
    }
    for program in recipe.finish {
      try expect(program, SHA256.hex(try LocalFiles.read(program.path) ?? []))
    }
  }

  private func expect(_ input: ImageRecipe.Overlay, _ digest: String) throws(AgentError) {
    guard digest == input.digest else {
      throw AgentError(
        .conflict, "\(input.path) on this head is not what image \(recipe.name) is made from",
        next: "Run `cluster apply` again: it restores the files before it builds.")
    }
  }

  /// The few devices that programs in the image's root expect. The squashfs holds none of them.
  private func makeDevices() throws(AgentError) {
    try LocalFiles.makeFolders("\(root)/dev")
    // Before anything of the site's is in the root.
    for (name, minor) in [("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)] {
      let path = "\(root)/dev/\(name)"
      try LocalFiles.remove(path)
      guard mknod(path, S_IFCHR | 0o666, dev_t(1 << 8 | minor)) == 0, chmod(path, 0o666) == 0 else {
        throw LocalFiles.failure("The device \(path) cannot be made")
      }
    }
  }

  /// Lays files over the root as root's own. Folders that exist keep their permissions, and links to folders stay
  /// links.
  private func lay(_ overlay: ImageRecipe.Overlay) async throws(AgentError) {
    context.progress("laying \(overlay.path) over the root")
    let archive = "/tmp/cluster-overlay.tar"
    let place = try inside.place(archive)
    try LocalFiles.makeFolders(FileSystem.parent(place))
    try await Command.checked(
      "tar",
      [
        "--create", "--file", place, "--directory", overlay.path, "--owner=0", "--group=0", "--numeric-owner",
        "--sort=name", "--mtime=@\(Self.epoch)", ".",
      ], deadline: .seconds(300), next: "Check \(overlay.path) on this head.")
    // By the image's own tar: a link of the image, followed from outside, would lead to this head's files.
    try await inRoot(
      "tar",
      [
        "--extract", "--file", archive, "--directory", "/", "--no-overwrite-dir", "--keep-directory-symlink",
        "--preserve-permissions",
      ], next: "Check what \(overlay.path) replaces in the image.")
    try inside.remove(archive)
  }

  /// Changes owner and mode by the image's own programs, which know the names of its accounts.
  private func give(_ permission: ClientImage.Permission) async throws(AgentError) {
    let next = "Correct `permissions:` of image \(recipe.name): the path and the names have to be in the image."
    let mode = String(permission.mode, radix: 8)
    try await inRoot("chown", ["--no-dereference", permission.owner, "--", permission.path], next: next)
    try await inRoot("chmod", [mode, "--", permission.path], next: next)
  }

  private func finish(with program: ImageRecipe.Overlay) async throws(AgentError) {
    context.progress("running \(program.path) in the image")
    let script = "/tmp/cluster-finish"
    try inside.write(try LocalFiles.read(program.path) ?? [], to: script, mode: 0o755)
    // So that names can be looked up; /run is not part of the image.
    if let resolver = try LocalFiles.read("/etc/resolv.conf") {
      try inside.write(resolver, to: "/run/systemd/resolve/stub-resolv.conf")
    }
    try await inRoot(script, [], next: "Fix \(program.path): it must exit with status 0 in the image's root.")
    try inside.remove(script)
  }

  /// Runs a program of the image in its root, with its own /proc and process ids, so that nothing it starts is left.
  @discardableResult
  private func inRoot(_ program: String, _ arguments: [String], next: String) async throws(AgentError) -> CommandResult
  {
    try await Command.checked(
      "unshare",
      ["--mount", "--pid", "--fork", "--kill-child", "--root=\(root)", "--mount-proc", program] + arguments,
      environment: [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "TMPDIR": "/tmp",
        "DEBIAN_FRONTEND": "noninteractive", "SOURCE_DATE_EPOCH": Self.epoch,
      ], deadline: .seconds(900), next: next)
  }

  private func packageVersions() async throws(AgentError) -> [String: String] {
    let listing = try await Command.checked(
      "dpkg-query",
      [
        "--admindir=\(try inside.place("/var/lib/dpkg", following: true))", "--show",
        "--showformat=${binary:Package} ${Version}\\n",
      ],
      next: "Remove /var/cache/cluster/layers on this head, then run `cluster apply` again.")
    var versions: [String: String] = [:]
    for line in listing.text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2 { versions[String(words[0])] = String(words[1]) }
    }
    return versions
  }

  private func settled(
    _ body: @Sendable () async throws(AgentError) -> Void
  ) async -> Result<Void, AgentError> {
    do { return .success(try await body()) } catch { return .failure(error) }
  }

  private func kernelVersion() async throws(AgentError) -> String {
    let database = try inside.place("/var/lib/dpkg", following: true)
    guard let version = try await ImageKernel.version(of: recipe.kernel, in: database),
      try inside.exists("/boot/vmlinuz-\(version)")
    else {
      throw AgentError(
        .invalid, "\(recipe.kernel) of image \(recipe.name) has no kernel in /boot",
        next: "Name a kernel's package in `images.\(recipe.name).kernel`, such as linux-image-amd64.")
    }
    return version
  }

  private func makeInitramfs(_ version: String, into out: String) async throws(AgentError) {
    context.progress("making the initramfs for Linux \(version)")
    // By itself: update-initramfs(8) notes its digest in the root, which is being packed.
    try await inRoot(
      "mkinitramfs", ["-o", "/boot/initrd.img-\(version)", version],
      next: "Check the files that the image puts into /etc/initramfs-tools.")
    try await copy("/boot/vmlinuz-\(version)", to: "\(out)/vmlinuz")
    try await copy("/boot/initrd.img-\(version)", to: "\(out)/initrd")
  }

  private func copy(_ source: String, to destination: String) async throws(AgentError) {
    let place = try inside.place(source, following: true)
    try await Command.checked(
      "install", ["-m", "644", "--", place, destination], next: "Check \(place) on this head.")
  }

  /// Takes out what makes one machine differ from another, and what the package manager can get again.
  private func emptyIdentity() async throws(AgentError) {
    var gone = ["/var/lib/dbus/machine-id", "/etc/hostname", "/etc/apt/apt.conf.d/99mmdebstrap"]
    gone += try inside.names(in: "/etc/ssh").filter { $0.hasPrefix("ssh_host_") }.map { "/etc/ssh/\($0)" }
    gone += ["passwd-", "group-", "shadow-", "gshadow-", "subuid-", "subgid-"].map { "/etc/\($0)" }
    gone += ["status-old", "available", "diversions-old", "statoverride-old"].map { "/var/lib/dpkg/\($0)" }
    gone += ["config.dat-old", "templates.dat-old"].map { "/var/cache/debconf/\($0)" }
    gone += ["/var/cache/ldconfig/aux-cache", "/var/lib/systemd/random-seed"]
    gone += try inside.files(below: "/var/log").map { "/var/log/\($0)" }
    gone += recipe.secretPaths
    for path in gone { try inside.remove(path) }
    // Empty, not missing: a missing one would mean a first boot, with all presets applied anew (machine-id(5)).
    try inside.write([], to: "/etc/machine-id", mode: 0o444)
  }

  private func pack(into squashfs: String) async throws(AgentError) {
    context.progress("packing the root")
    let excluded = "\(work)/excluded"
    try LocalFiles.write(
      Array((SlimImage(keeping: recipe.keep).excluded.joined(separator: "\n") + "\n").utf8), to: excluded)
    let table = recipe.isExportable ? [] : ["-no-exports"]
    let result = try await Command.run(
      "mksquashfs",
      [
        root, squashfs, "-noappend", "-comp", "zstd", "-Xcompression-level", "3", "-b", "256K", "-no-progress",
        "-wildcards", "-ef", excluded,
      ] + table, environment: ["SOURCE_DATE_EPOCH": Self.epoch], deadline: .seconds(1800))
    try result.expectSpace(for: "Packing image \(recipe.name)", program: "mksquashfs", at: ImageStore.root)
  }
}
