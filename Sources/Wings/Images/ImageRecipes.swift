// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The recipe of each client image. Its digest names the image, so boot scripts can be made before the image is.
package enum ImageRecipes {
  /// Our own files of every image, on the heads.
  static let payload = "/usr/share/cluster/images/payload"
  static let programsOfOurs = "/usr/share/cluster/images/programs"
  /// A wing's addition to every image, on the heads.
  static func contributed(_ name: String) -> String { "/usr/share/cluster/images/\(name)" }
  /// A site's own files of one image, on the heads.
  static func site(_ image: String) -> String { "/usr/share/cluster/images/site/\(image)/files" }
  static func programs(_ image: String) -> String { "/usr/share/cluster/images/site/\(image)/run" }

  static func recipe(
    _ image: ClientImage, _ cluster: Cluster, _ files: SiteFiles, _ offered: [ImageContribution],
    _ users: [SystemUser] = []
  ) -> ImageRecipe {
    let contributions = offered.filter { $0.images?.contains(image.name) ?? true }
    var overlays = [payloadOverlay]
    for added in contributions where !added.files.isEmpty {
      overlays.append(.init(path: contributed(added.name), files: added.files))
    }
    let own = siteFiles(image, files)
    if !own.isEmpty { overlays.append(.init(path: site(image.name), files: own)) }
    let programsOfWings = contributions.compactMap { added in
      added.program.map { ImageRecipe.Overlay(path: programsOfOurs + "/" + added.name, program: $0.contents) }
    }
    let site = image.run.enumerated().compactMap { index, path in
      files.files[path].map {
        ImageRecipe.Overlay(path: programs(image.name) + "/" + programName(index, path), program: $0.contents)
      }
    }
    let packages = Set(image.install).union(ImagePayload.packages).union(contributions.flatMap(\.packages))
    return ImageRecipe(
      name: image.name, suite: suite(of: image.release),
      // None is named where nobody has read the files beside the description.
      oci: image.base.map { files.oci[$0.path] ?? OCIImage(unread: $0.path) },
      mirror: cluster.repositories.mirror, security: cluster.repositories.security, proxy: cluster.repositories.proxy,
      asOf: image.asOf, snapshot: cluster.repositories.snapshot, kernel: image.kernel,
      packages: packages.sorted(), overlays: overlays, finish: [finishOverlay] + programsOfWings + site,
      links: links(image, files), permissions: image.permissions,
      secretPaths: image.secrets.map(\.path), users: users,
      signature: SignedBoot.asked(cluster) == nil ? nil : .bootSigning,
      extra: cluster.repositories.of(image: image.name), keep: image.keep)
  }

  /// `bookworm` of `debian/bookworm`.
  static func suite(of release: String) -> String { String(release.drop { $0 != "/" }.dropFirst()) }

  // The same for every image of every site, and digested once.
  private static let payloadOverlay = ImageRecipe.Overlay(path: payload, files: ImagePayload.files)
  private static let finishOverlay = ImageRecipe.Overlay(
    path: programsOfOurs + "/finish", program: ImagePayload.finish.contents)

  /// Programs of ours that run in images' roots.
  static func ownPrograms(_ contributions: [ImageContribution]) -> [String: TreeGoal.Entry] {
    contributions.reduce(into: ["finish": ImagePayload.finish]) { $0[$1.name] = $1.program }
  }

  static func siteFiles(_ image: ClientImage, _ files: SiteFiles) -> [String: TreeGoal.Entry] {
    guard let folder = image.files else { return [:] }
    return files.below(folder).filter { $0.value.kind != .link }
      .mapValues { TreeGoal.Entry($0.contents, executable: $0.executable) }
  }

  /// Heads keep only what links say, in the recipe: followed on a head, they would lead to its own files.
  private static func links(_ image: ClientImage, _ files: SiteFiles) -> [String: String] {
    guard let folder = image.files else { return [:] }
    return files.below(folder).filter { $0.value.kind == .link }
      .mapValues { String(decoding: $0.contents.bytes, as: UTF8.self) }
  }

  static func programFiles(_ image: ClientImage, _ files: SiteFiles) -> [String: TreeGoal.Entry] {
    var entries: [String: TreeGoal.Entry] = [:]
    for (index, path) in image.run.enumerated() {
      guard let file = files.files[path] else { continue }
      entries[programName(index, path)] = TreeGoal.Entry(file.contents, executable: true)
    }
    return entries
  }

  /// Numbered: two of them may have one name in different folders.
  private static func programName(_ index: Int, _ path: String) -> String {
    "\(index + 1)-\(path.split(separator: "/").last.map(String.init) ?? "program")"
  }
}

/// Our own files in every client image, by their place in the image's root.
enum ImagePayload {
  static let files: [String: TreeGoal.Entry] = [
    "etc/initramfs-tools/scripts/cluster": text(PackageResources.initramfs_cluster, executable: true),
    "etc/initramfs-tools/conf.d/cluster": text(PackageResources.initramfs_conf),
    "etc/initramfs-tools/hooks/cluster": text(PackageResources.initramfs_hook, executable: true),
    "etc/initramfs-tools/modules": text(PackageResources.initramfs_modules),
    "etc/ssh/sshd_config.d/50-cluster.conf": text(PackageResources.sshd_conf),
    "etc/systemd/journald.conf.d/cluster.conf": text(PackageResources.journald_conf),
    "etc/systemd/network/10-boot.network": text(PackageResources.boot_network),
    "etc/systemd/system/cluster-host-keys.service": text(PackageResources.cluster_host_keys_service),
    "etc/systemd/system/cluster-identity.service": text(PackageResources.cluster_identity_service),
    "etc/systemd/system/cluster-install.service": text(PackageResources.cluster_install_service),
    "etc/systemd/system/cluster-report.service": text(PackageResources.cluster_report_service),
    "etc/systemd/system/cluster-report.timer": text(PackageResources.cluster_report_timer),
    "usr/lib/cluster/check-ready": text(PackageResources.check_ready, executable: true),
    "usr/lib/cluster/identity": text(PackageResources.identity, executable: true),
    "usr/lib/cluster/install": text(PackageResources.install, executable: true),
    "usr/lib/cluster/kernel-arguments": text(PackageResources.kernel_arguments),
    "usr/lib/cluster/report": text(PackageResources.report, executable: true),
  ]

  /// Runs in the image's root before the site's own programs.
  static let finish = text(PackageResources.finish, executable: true)

  /// Packages that an image needs to boot, to report and to install a head from it, whatever the site asks for.
  static let packages = [
    "systemd", "systemd-sysv", "systemd-resolved", "systemd-timesyncd", "dbus", "udev", "kmod", "initramfs-tools",
    "busybox", "zstd", "iproute2", "iputils-ping", "openssh-server", "curl", "ca-certificates", "procps", "netbase",
    "login", "passwd", "less",
    // The installer's.
    "fdisk", "e2fsprogs", "dosfstools", "squashfs-tools", "extlinux", "syslinux-common", "openssl",
  ]

  static func text(_ bytes: [UInt8], executable: Bool = false) -> TreeGoal.Entry {
    TreeGoal.Entry(.text(String(decoding: bytes, as: UTF8.self)), executable: executable)
  }
}
