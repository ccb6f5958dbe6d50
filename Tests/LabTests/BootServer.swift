// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// A small DHCP and web server in a lab's own namespace, and an image of a few megabytes: a script as PID 1.
///
/// It shows that the firmware boots what it is given. What the heads serve is tested where they serve it.
struct BootServer {
  static let address = "10.1.0.10"

  let lab: TestLab
  private var root: String { "\(lab.folder)/http" }
  private var web: LabDaemon { LabDaemon(site: lab.site, name: "test-web") }

  /// How many reports the web server has seen; its log shows no more of them.
  var reports: Int { (LabFiles.text(web.log) ?? "").components(separatedBy: "url:/report").count - 1 }

  func start(arguments: String = "") async throws {
    let bridge = try #require(lab.site.network("private")?.bridge)
    try await lab.site.ip(["addr replace \(Self.address)/16 dev \(bridge)"])
    try LabFiles.makeDirectory("\(root)/image")
    let digest = try await makeImage()
    try LabFiles.write("kernel", to: "\(root)/image/vmlinuz")
    try LabFiles.write(
      """
      #!ipxe
      set base http://\(Self.address)/image
      kernel ${base}/vmlinuz cluster.image=${base}/root.squashfs cluster.sha256=\(digest) image=test/1 \
      head=\(Self.address) mac=${netX/mac} ip=${netX/ip}/16 \(arguments)
      boot

      """, to: "\(root)/boot.ipxe")
    try LabFiles.write(
      """
      start 10.1.200.1
      end 10.1.200.20
      interface \(bridge)
      max_leases 20
      lease_file \(lab.folder)/leases
      pidfile \(lab.folder)/udhcpd.pid
      boot_file http://\(Self.address)/boot.ipxe
      option subnet 255.255.0.0
      option router \(Self.address)

      """, to: "\(lab.folder)/udhcpd.conf")
    try LabFiles.write("", to: "\(lab.folder)/leases")
    try LabDaemon(site: lab.site, name: "test-dhcp").start(
      lab.site.inside(["busybox", "udhcpd", "-f", "\(lab.folder)/udhcpd.conf"]))
    try web.start(lab.site.inside(["busybox", "httpd", "-f", "-vv", "-p", "\(Self.address):80", "-h", root]))
  }

  /// Breaks the image after its digest was written down.
  func corruptImage() throws {
    let path = "\(root)/image/root.squashfs"
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try file.seek(toOffset: 5000)
    try file.write(contentsOf: Data("corrupt".utf8))
    try file.close()
  }

  private func makeImage() async throws -> String {
    let tree = "\(lab.folder)/tree"
    for folder in ["bin", "sbin", "usr/lib", "etc", "proc", "sys", "dev", "run", "tmp", "mnt", "root", "var"] {
      try LabFiles.makeDirectory("\(tree)/\(folder)")
    }
    let busybox = try await Command.checked("which", ["busybox"], next: "Install busybox-static.").text
      .trimmingCharacters(in: .whitespacesAndNewlines)
    try FileManager.default.copyItem(atPath: busybox, toPath: "\(tree)/bin/busybox")
    try LabFiles.link("\(tree)/bin/sh", to: "/bin/busybox")
    try LabFiles.write("ID=test\n", to: "\(tree)/usr/lib/os-release")
    try LabFiles.write(Self.initScript, to: "\(tree)/sbin/init", mode: 0o755)
    try await Command.checked(
      "mksquashfs", [tree, "\(root)/image/root.squashfs", "-quiet", "-no-progress", "-noappend"],
      next: "Install squashfs-tools.")
    let sum = try await Command.checked("sha256sum", ["\(root)/image/root.squashfs"], next: "")
    return String(sum.text.prefix(64))
  }

  /// Reports like a node does. With `cluster.install=` it lays itself on the disk and restarts.
  private static let initScript = """
    #!/bin/busybox sh
    arg() { busybox tr '\\0' '\\n' < /proc/1/cmdline | busybox sed -n "s/^$1=//p"; }
    busybox ip link set eth0 up
    [ -z "$(arg ip)" ] || busybox ip addr add "$(arg ip)" dev eth0
    if [ -n "$(arg cluster.install)" ]; then
      busybox printf 'o\\nn\\np\\n1\\n\\n\\nw\\n' | busybox fdisk "$(arg cluster.install)"
      loop=$(busybox losetup -f) && busybox losetup -o $((63 * 512)) "$loop" "$(arg cluster.install)" || exit 1
      start=$(busybox fdisk -l "$(arg cluster.install)" | busybox grep -c nvme0n1p1)
      # busybox takes the bound node for a mounted file system.
      busybox mknod /root/disk b 7 "${loop#/dev/loop}"
      busybox mke2fs /root/disk 4000000 && busybox mount -t ext4 "$loop" /mnt || exit 1
      busybox cp -a /bin /sbin /usr /etc /mnt/
      busybox mkdir /mnt/proc /mnt/sys /mnt/dev /mnt/run /mnt/tmp /mnt/var /mnt/root /mnt/mnt
      busybox umount /mnt
      busybox echo "installed, partitions: $start" > /dev/console
      busybox sync
      busybox reboot -f
    elif [ -n "$(arg head)" ]; then
      busybox wget -q -O /dev/null "http://$(arg head)/report?event=ready&mac=$(arg mac)"
      busybox echo "ready $(arg image)" > /dev/console
    else
      busybox echo "started from $(busybox awk '$2 == "/" { print $3 }' /proc/mounts)" > /dev/console
    fi
    while :; do busybox sleep 3600; done

    """
}
