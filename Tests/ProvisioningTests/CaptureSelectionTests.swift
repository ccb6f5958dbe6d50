// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import AgentServer
@testable import Wings

/// What a clone gets of its original, packed by the real mksquashfs(1) and listed by unsquashfs(1).
@Suite(.enabled(if: geteuid() == 0, "files of other users need root")) struct CaptureSelectionTests {
  /// Paths that stay on the original, each of a kind that no list of names would have.
  private static let secret: [(path: String, mode: Int, owner: Int)] = [
    ("/etc/munge/munge.key", 0o400, 0), ("/etc/krb5.keytab", 0o600, 0), ("/etc/site/token", 0o640, 0),
    ("/etc/wireguard/wg0.conf", 0o644, 0), ("/etc/cluster/secrets/bmc/head1", 0o600, 0),
    ("/etc/NetworkManager/system-connections/vpn", 0o600, 0), ("/etc/letsencrypt/live/a/privkey.pem", 0o644, 0),
    ("/etc/sudoers", 0o440, 0), ("/etc/shadow", 0o640, 0), ("/home/ada/thesis", 0o644, 1000),
    ("/root/.netrc", 0o600, 0), ("/root/.ssh/id_rsa", 0o600, 0), ("/root/notes", 0o644, 0),
    ("/opt/app/api[key]*", 0o600, 0), ("/usr/local/etc/.token", 0o600, 0), ("/opt/ada/results", 0o644, 1000),
    ("/var/lib/mysql/ibdata", 0o660, 103), ("/var/lib/grafana/grafana.db", 0o644, 104),
    ("/var/lib/cluster/backups/etc/s.cluster-backup", 0o644, 0), ("/var/lib/cluster/history.git/HEAD", 0o644, 0),
    ("/var/lib/cluster/clones/head2.json", 0o644, 0), ("/var/spool/cron/crontabs/root", 0o600, 0),
    ("/var/log/auth.log", 0o644, 0), ("/var/backups/passwd.bak", 0o644, 0), ("/srv/projects/data", 0o644, 0),
    ("/data/experiment", 0o644, 0), ("/tmp/.X11/key", 0o644, 0), ("/tmp/file", 0o644, 0),
    ("/srv/cluster/captures/head2/root.encrypted", 0o644, 0), ("/srv/cluster/identities/10.1.1.1", 0o640, 0),
    ("/var/lib/cluster/identities.json", 0o600, 0),
    ("/etc/network/interfaces", 0o644, 0), ("/etc/machine-id", 0o444, 0), ("/etc/fstab", 0o644, 0),
    ("/etc/iscsi/initiatorname.iscsi", 0o600, 0), ("/etc/nvme/hostnqn", 0o644, 0), ("/etc/mailname", 0o644, 0),
  ]
  private static let common: [(path: String, mode: Int, owner: Int)] = [
    ("/etc/passwd", 0o644, 0), ("/etc/packaged.conf", 0o600, 0), ("/etc/ssh/sshd_config", 0o600, 0),
    ("/root/.ssh/authorized_keys", 0o600, 0), ("/usr/bin/true", 0o755, 0), ("/usr/lib/helper", 0o4750, 0),
    ("/opt/app/bin/app", 0o755, 0), ("/var/lib/cluster/managed/abc", 0o600, 0), ("/boot/vmlinuz-6.1", 0o644, 0),
    ("/srv/cluster/http/boot/boot.ipxe", 0o644, 0), ("/etc/site/kept", 0o600, 0), ("/home/ada/kept/file", 0o600, 1000),
  ]
  private static let privateFolders = [
    "/etc/wireguard", "/etc/letsencrypt/live", "/var/lib/mysql", "/var/lib/cluster/managed",
  ]

  @Test func secretsOfEveryKindStayBehind() async throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "capture-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    for (path, mode, owner) in Self.secret + Self.common { try Self.write(root + path, mode, owner) }
    for folder in Self.privateFolders { chmod(root + folder, 0o700) }
    try Self.write("\(root)/var/lib/dpkg/info/sudo.list", 0o644, 0, "/etc\n/etc/sudoers\n/etc/packaged.conf\n")
    let sum = "d41d8cd98f00b204e9800998ecf8427e"
    try Self.write(
      "\(root)/var/lib/dpkg/status", 0o644, 0,
      "Package: sudo\nConffiles:\n /etc/sudoers \(sum)\n /etc/packaged.conf 401b30e3b8b5d629635a5c613cdb7919\n"
    )
    let recipe = CaptureRecipe(
      clone: "head2", excluded: HeadCapture.excluded, kept: ["/etc/site/kept", "/home/ada/kept"])

    var selection = try await CaptureSelection(recipe, of: root)
    try selection.select()
    let squashfs = "\(root).squashfs"
    defer { for file in [squashfs, "\(root).list"] { unlink(file) } }
    let packed = try await HeadCaptureRun.pack(
      root, without: selection.patterns, listedIn: "\(root).list", to: squashfs)

    #expect(packed.succeeded, "\(packed.lastLines)")
    let listing = try await Command.checked("unsquashfs", ["-l", squashfs], next: "").text.split(separator: "\n")
    let inside = Set(listing.map { String($0.replacing("squashfs-root", with: "")) })
    for (path, _, _) in Self.secret { #expect(!inside.contains(path), "\(path)") }
    for (path, _, _) in Self.common { #expect(inside.contains(path), "\(path)") }
    #expect(selection.leftOut.contains("/etc/munge/munge.key: only some may read it, and no package brought it"))
  }

  private static func write(_ path: String, _ mode: Int, _ owner: Int, _ text: String = "x\n") throws {
    let folder = (path as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    chown(path, uid_t(owner), 0)
    chmod(path, mode_t(mode))
  }
}
