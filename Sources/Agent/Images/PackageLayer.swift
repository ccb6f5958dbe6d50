// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Synchronization
import Wings

/// An image's packages, installed and kept as `/var/cache/cluster/layers/KEY.tar.zst`.
///
/// First those that every image has, on nothing or on an OCI image; then what this one has besides. Both are kept, so
/// that changing a file does not run the package manager, and one more package does not install all others anew.
struct PackageLayer {
  static let folder = WellKnown.packageLayers
  /// Layers that are kept; the oldest go first.
  private static let kept = 12

  let recipe: ImageRecipe
  let context: OperationContext

  init(_ recipe: ImageRecipe, _ context: OperationContext) {
    self.recipe = recipe
    self.context = context
  }

  private func archive(_ key: String) -> String { "\(Self.folder)/\(key).tar.zst" }
  var isCached: Bool { get throws(AgentError) { try LocalFiles.exists(archive(recipe.layerKey)) } }

  /// Fills an empty folder with the packages.
  func unpack(into root: String) async throws(AgentError) {
    if try isCached { return try await extract(recipe.layerKey, into: root) }
    let added = recipe.addedPackages
    let isWarm = try LocalFiles.exists(archive(recipe.baseKey))
    if isWarm { try await extract(recipe.baseKey, into: root) } else { try await makeBase(root) }
    if added.isEmpty { return }
    try await install(
      added, into: root, options: ["--variant=essential", "--skip=check/empty"] + (isWarm ? [] : ["--skip=update"]))
    try await keep(root, recipe.layerKey)
  }

  private func makeBase(_ root: String) async throws(AgentError) {
    let packages = [recipe.kernel] + recipe.basePackages
    // The lists are fetched once for both runs of the package manager.
    let lists = recipe.addedPackages.isEmpty ? [] : ["--skip=cleanup/apt/lists"]
    if let oci = recipe.oci {
      let base = OCIBase(oci, recipe, context)
      do throws(AgentError) { try await base.unpack(into: root) } catch {
        try await base.forget()
        throw error
      }
      try await install(packages, into: root, options: ["--variant=essential", "--skip=check/empty"] + lists)
      try await keep(root, recipe.baseKey)
      try await base.forget()
    } else {
      try await install(packages, into: root, options: ["--variant=minbase"] + lists)
      try await keep(root, recipe.baseKey)
    }
  }

  private func extract(_ key: String, into root: String) async throws(AgentError) {
    context.progress("using the packages of an earlier build")
    let result = try await Command.run(
      "tar",
      [
        "--extract", "--use-compress-program=zstd", "--file", archive(key), "--directory", root, "--numeric-owner",
        "--preserve-permissions", "--xattrs", "--xattrs-include=*",
      ], deadline: .seconds(600))
    try result.expectSpace(for: "Unpacking the packages of image \(recipe.name)", program: "tar", at: root)
  }

  /// Packages that are there already stay as they are: those of an OCI image are what was asked for, and those of the
  /// base are in other images too.
  private static let noUpgrade = "APT::Get::Upgrade \"false\""

  private func install(_ packages: [String], into root: String, options: [String]) async throws(AgentError) {
    let progress = InstallProgress(context.progress)
    let accounts = root + ".accounts"
    // mmdebstrap(1) keeps its name in the image, and the key, which is in it, needs no path there.
    let extra = FileSystem.parent(root) + "/cluster.sources"
    if !recipe.extra.isEmpty { try FileSystem.write(Array(PackageSource.file(recipe.extra).utf8), to: extra) }
    if !recipe.users.isEmpty {
      try FileSystem.write(Array(Self.hook(recipe.users).utf8), to: accounts, mode: 0o700)
    }
    // What an earlier run has left would be taken as it is; and a link would lead to this head's own resolv.conf.
    let inside = ImageRoot(path: root)
    for path in Self.leftByMmdebstrap { try inside.remove(path) }
    for name in try inside.names(in: "/dev") { try await ImageStore.remove(inside.place("/dev/\(name)")) }
    let result = try await Command.run(
      "mmdebstrap", arguments(packages, options, root, accounts, extra),
      environment: [
        // The initramfs is made later, once, with our files in place (initramfs-tools' kernel hook).
        "INITRD": "No", "SOURCE_DATE_EPOCH": ImageBuilder.epoch, "DEBIAN_FRONTEND": "noninteractive",
      ], deadline: .seconds(3600), line: { progress.read($0) })
    guard result.succeeded else { throw failure(result) }
  }

  private static let leftByMmdebstrap = [
    "/etc/resolv.conf", "/etc/hostname", "/etc/apt/sources.list", "/etc/apt/apt.conf.d/99mmdebstrap",
    "/etc/dpkg/dpkg.cfg.d/99mmdebstrap",
  ]

  /// A program that mmdebstrap(1) runs when the base is there, and before other packages make accounts. useradd(8) is
  /// in one of those; what passwd(5) and group(5) say becomes complete when the package passwd is configured.
  static func hook(_ users: [SystemUser]) -> String {
    let lines = users.flatMap { user in
      [("passwd", user.passwd), ("group", user.group)].map { file, line in
        // An OCI image may have them, and the second run of mmdebstrap(1) finds what the first has written.
        "grep -q \(Command.shellWord("^\(line.prefix { $0 != ":" }):")) \"$1/etc/\(file)\" || "
          + "printf '%s\\n' \(Command.shellWord(line)) >> \"$1/etc/\(file)\""
      }
    }
    return "#!/bin/sh\nset -eu\n" + lines.joined(separator: "\n") + "\n"
  }

  private func arguments(
    _ packages: [String], _ options: [String], _ root: String, _ accounts: String, _ extra: String
  ) -> [String] {
    var arguments =
      [
        "--mode=root", "--verbose", "--logfile=/dev/stdout", "--format=directory",
        "--include=" + packages.joined(separator: ","),
        // The result is thrown away whole when anything fails: no need to wait for the disk after each file.
        "--dpkgopt=force-unsafe-io",
      ] + options
    if !recipe.users.isEmpty { arguments.append("--essential-hook=\(accounts)") }
    arguments += SlimImage(keeping: recipe.keep).unpacked.map { "--dpkgopt=path-exclude=\($0)" }
    var settings = ["APT::Install-Recommends \"false\"", "Acquire::Languages \"none\"", "Acquire::Retries \"3\""]
    if options.contains("--variant=essential") { settings.append(Self.noUpgrade) }
    if let proxy = recipe.proxy { settings.append("Acquire::http::Proxy \"\(proxy)\"") }
    arguments += settings.map { "--aptopt=\($0)" }
    return arguments + [recipe.suite, root] + recipe.sources + (recipe.extra.isEmpty ? [] : [extra])
  }

  /// The error for a failure of mmdebstrap, with what to do.
  private func failure(_ result: CommandResult) -> AgentError {
    let lines = result.text.split(separator: "\n").map(String.init)
    if let line = lines.last(where: { $0.contains("No space left on device") }) {
      return AgentError(
        .diskFull, "Installing the packages of image \(recipe.name) ran out of space", cause: line,
        next: "Free or add space below /var/cache/cluster, then run `cluster apply` again.")
    }
    let missing = lines.filter {
      $0.contains("Unable to locate package") || $0.contains("has no installation candidate")
    }
    if !missing.isEmpty {
      return AgentError(
        .packageSource, "Image \(recipe.name) asks for packages that \(recipe.suite) does not have",
        cause: missing.joined(separator: "\n"), next: "Correct `images.\(recipe.name).install` in the spec.")
    }
    let signs = [
      "Could not resolve", "Failed to fetch", "Unable to connect", "Could not connect", "Connection failed",
      "Temporary failure", "is not signed", "signatures couldn't be verified", "NO_PUBKEY", "Connection timed out",
      "does not have a Release file", "Err:",
    ]
    let fetching = lines.filter { line in signs.contains { line.contains($0) } }
    if !fetching.isEmpty {
      // Whose fault it is can be told where a line names the address.
      let vendor = recipe.extra.first { source in fetching.contains { $0.contains(source.uri) } }
      if let vendor, fetching.contains(where: { $0.contains("NO_PUBKEY") || $0.contains("is not signed") }) {
        return AgentError(
          .packageSource, "\(vendor.place) is not signed by the key of the description",
          cause: fetching.suffix(3).joined(separator: "\n"),
          next: "Compare \(vendor.fingerprints.joined(separator: ", ")) with what the vendor says, and replace `key:`.")
      }
      let source = vendor?.uri ?? recipe.snapshot ?? recipe.mirror ?? "http://deb.debian.org"
      let from = source + (recipe.proxy.map { " through \($0)" } ?? "")
      return AgentError(
        .packageSource, "Packages cannot be fetched from \(from)", cause: fetching.suffix(3).joined(separator: "\n"),
        next:
          "Check that this head can reach \(recipe.proxy ?? from). Nothing is lost: `cluster apply` continues from here."
      )
    }
    return AgentError(
      .commandFailed, "The packages of image \(recipe.name) could not be installed",
      cause: lines.suffix(8).joined(separator: "\n"), next: "Fix what the package manager reports.")
  }

  private func keep(_ root: String, _ key: String) async throws(AgentError) {
    context.progress("keeping the packages for the next build")
    try LocalFiles.makeFolders(Self.folder)
    let archive = archive(key)
    let unfinished = archive + ".unfinished"
    let result = try await Command.run(
      "tar",
      [
        "--create", "--use-compress-program=zstd -1 -T0", "--file", unfinished, "--directory", root, "--numeric-owner",
        "--xattrs", "--xattrs-include=*", "--sort=name", "--exclude=./dev/*", "--exclude=./proc/*", "--exclude=./sys/*",
        "--exclude=./var/lib/apt/lists/*", ".",
      ], deadline: .seconds(600))
    try result.expectSpace(for: "Keeping the packages of image \(recipe.name)", program: "tar", at: Self.folder)
    try LocalFiles.rename(unfinished, to: archive)
    try forgetOldest()
  }

  private func forgetOldest() throws(AgentError) {
    let layers = try LocalFiles.names(in: Self.folder).filter { $0.hasSuffix(".tar.zst") }.map {
      "\(Self.folder)/\($0)"
    }
    let aged = try layers.map { (path) throws(AgentError) in (path: path, changed: try LocalFiles.changedAt(path)) }
    for layer in aged.sorted(by: { $0.changed > $1.changed }).dropFirst(Self.kept) {
      try LocalFiles.remove(layer.path)
    }
  }
}

/// Turns the package manager's output into a few lines for a person who waits.
private final class InstallProgress: Sendable {
  private let tell: @Sendable (String) -> Void
  private let counts = Mutex((expected: 0, done: 0))

  init(_ tell: @escaping @Sendable (String) -> Void) { self.tell = tell }

  func read(_ line: String) {
    if line.hasPrefix("I: ") { return tell(String(line.dropFirst(3))) }
    let said = counts.withLock { counts -> String? in
      let words = line.split(separator: " ")
      if line.contains(" newly installed, "), let position = words.firstIndex(of: "newly"), position > 0,
        let more = Int(words[position - 1])
      {
        counts.expected += more
        return "installing \(more) packages"
      }
      guard line.hasPrefix("Setting up ") else { return nil }
      counts.done += 1
      return counts.done % 25 == 0 ? "set up \(counts.done) of \(counts.expected) packages" : nil
    }
    if let said { tell(said) }
  }
}

extension CommandResult {
  /// Throws when the program failed: `.diskFull` with the figures when that was the reason.
  func expectSpace(for purpose: String, program: String, at folder: String) throws(AgentError) {
    if succeeded { return }
    let said = lastLines
    if (errorText + text).contains("No space left on device") {
      throw AgentError(
        .diskFull, "\(purpose) ran out of space", cause: said,
        next:
          "Free or add space below \(folder) (\(LocalFiles.mebibytes((try? LocalFiles.freeBytes(at: folder)) ?? 0)) are free now), then run `cluster apply` again."
      )
    }
    throw AgentError(
      .commandFailed, "\(purpose) failed", cause: said.isEmpty ? "\(program) ended with status \(status)" : said,
      next: "Fix what \(program) reports, then run `cluster apply` again.")
  }
}
