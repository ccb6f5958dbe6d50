// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Runs `cluster-agent undo --boot` before links, firewall and sshd come up. There only while something is unconfirmed.
enum BootUnit {
  private static let path = "/etc/systemd/system/cluster-undo.service"
  private static let link = "/etc/systemd/system/sysinit.target.wants/cluster-undo.service"

  static func install() async throws(AgentError) {
    let text = """
      # Written by cluster, and taken away when nothing waits to be confirmed.
      [Unit]
      Description=Undo changes that nobody has confirmed before this boot
      DefaultDependencies=no
      After=local-fs.target
      Before=network-pre.target systemd-networkd.service nftables.service ssh.service shutdown.target
      Wants=network-pre.target
      Conflicts=shutdown.target
      RequiresMountsFor=/var/lib/cluster /usr/lib/cluster

      [Service]
      Type=oneshot
      ExecStart=\(try FileSystem.linkTarget("/proc/self/exe")) undo --boot

      """
    let present = try FileSystem.entry(path) == nil ? nil : try FileSystem.text(path)
    if present != text {
      try FileSystem.write(Array(text.utf8), to: path)
    }
    guard try FileSystem.entry(link) == nil else { return }
    try FileSystem.makeFolder(FileSystem.parent(link))
    // Not by systemctl(1): a reload of all units, for one that only the next boot needs.
    try await Command.checked("ln", ["-s", "--", path, link], next: "Check that /etc can be written.")
    try FileSystem.syncFolder(FileSystem.parent(link))
  }

  static func remove() async throws(AgentError) {
    try FileSystem.remove(link)
    try FileSystem.remove(path)
    try FileSystem.syncFolder(FileSystem.parent(path))
  }
}
