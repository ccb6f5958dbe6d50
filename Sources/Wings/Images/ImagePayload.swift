// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Our own files in every client image, by their place in the image's root.
enum ImagePayload {
  static let files: [String: TreeGoal.Entry] = [
    "etc/initramfs-tools/scripts/cluster": text(PackageResources.initramfs_cluster, executable: true),
    "etc/initramfs-tools/conf.d/cluster": text(PackageResources.initramfs_conf),
    "etc/initramfs-tools/hooks/cluster": text(PackageResources.initramfs_hook, executable: true),
    "etc/initramfs-tools/modules": text(PackageResources.initramfs_modules),
    "etc/systemd/journald.conf.d/cluster.conf": text(PackageResources.journald_conf),
    "etc/systemd/network/10-boot.network": text(PackageResources.boot_network),
    "etc/systemd/system/cluster-host-keys.service": text(PackageResources.cluster_host_keys_service),
    "etc/systemd/system/cluster-install.service": text(PackageResources.cluster_install_service),
    "etc/systemd/system/cluster-report.service": text(PackageResources.cluster_report_service),
    "etc/systemd/system/cluster-report.timer": text(PackageResources.cluster_report_timer),
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
    "fdisk", "e2fsprogs", "dosfstools", "squashfs-tools", "extlinux", "syslinux-common",
  ]

  static func text(_ bytes: [UInt8], executable: Bool = false) -> TreeGoal.Entry {
    TreeGoal.Entry(.text(String(decoding: bytes, as: UTF8.self)), executable: executable)
  }
}
