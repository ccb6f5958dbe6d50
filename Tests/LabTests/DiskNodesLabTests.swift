// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// A node that is a machine, and is installed on its own disk: an NVMe disk that is empty, beside one with somebody's
/// ext4 on it.
@Suite(.serialized, .timeLimit(.minutes(60)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct DiskNodesLabTests {
  private static let spec = """
    \(LabDescription.oneHead)
    images:
      compute:
        release: debian/bookworm
        kernel: linux-image-cloud-amd64
    nodes:
      - names: node001
        image: compute
        boot: disk
        root: { device: "model:QEMU HARDDISK", install: 1 }
        nics:
          enp0s3: { network: private, address: 10.1.1.1, mac: 52:54:00:11:00:01 }
        bmc: { address: 10.3.1.1, protocol: ipmi, user: admin, password: secret:bmc/nodes }
    access:
      ssh: { user: root }

    """

  /// Seconds for a boot, emulated beside others.
  private static let patience = Duration.seconds(420)

  @Test func diskIsInstalledKeptAndReplaced() async throws {
    let site = try await UserSite.make(spec: Self.spec, lab: ["--vm", "node001"])
    do {
      try await refused(site)
      try await installed(site)
      try await kept(site)
      try await cutInTheMiddle(site)
    } catch {
      print(console(site).suffix(5000))
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// The disk that is described has data on it: the node says so, again and again, and writes nothing.
  private func refused(_ site: UserSite) async throws {
    let node = try #require(site.lab.machine("node001"))
    let before = try Data(contentsOf: URL(filePath: site.lab.dataFile(of: node)))
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(apply.status != 0, "\(apply.text)")
    try await site.eventually("node001 says why", within: Self.patience) {
      try await site.status().nodes.first?.state == "failed"
    }
    let status = try await site.cluster(["status", "--lab"])
    #expect(status.text.contains("/dev/sda is left alone: it has ext4 and too little room"), "\(status.text)")
    #expect(try Data(contentsOf: URL(filePath: site.lab.dataFile(of: node))) == before)
  }

  private func installed(_ site: UserSite) async throws {
    try site.edit("model:QEMU HARDDISK", "nvme")
    try await applied(site)
    #expect(try await root(site) == "nvme0n1p2 ext4 /")
    // What was fetched into memory is gone from it.
    #expect(try await onNode(site, "losetup --list --noheadings; findmnt --noheadings /run/cluster || true") == "")
    let image = try #require(try await site.status().nodes.first?.image)
    #expect(try await onNode(site, "cat /var/lib/cluster/root").hasPrefix("\(image) "))
    #expect(try await onNode(site, "systemctl is-active cluster-identity cluster-root-entry") == "active\nactive")
    _ = try await onNode(site, "echo kept > /root/file; sync")
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
    print(try await site.cluster(["node", "show", "node001", "--lab"]).text)
  }

  /// A power cut, as far as the node can tell: it runs from its disk, and fetches no image.
  private func kept(_ site: UserSite) async throws {
    let boot = try await onNode(site, "cat /proc/sys/kernel/random/boot_id")
    let cycle = try await site.cluster(["power", "cycle", "node001", "--lab", "--yes"])
    #expect(cycle.status == 0, "\(cycle.errorText)")
    try await ready(site, after: boot)
    #expect(try await onNode(site, "cat /root/file") == "kept")
    #expect(try await root(site) == "nvme0n1p2 ext4 /")
  }

  /// It is installed anew, as the description says, and its power goes while that is being done.
  private func cutInTheMiddle(_ site: UserSite) async throws {
    try site.edit("install: 1", "install: 2")
    let plan = try await site.cluster(["plan", "--lab"])
    #expect(plan.text.contains("its root is installed anew"), "\(plan.text)")
    let length = console(site).count
    async let first = site.cluster(["apply", "--lab", "--yes"])
    try await site.eventually("node001 is being installed", within: Self.patience) {
      console(site).dropFirst(length).contains("cluster-root: installing compute/")
    }
    for state in ["off", "on"] {
      let power = try await site.cluster(["lab", "power", "node001", state])
      #expect(power.status == 0, "\(power.errorText)")
    }
    try await site.eventually("node001 begins again", within: Self.patience) {
      console(site).dropFirst(length).contains("this was begun before, and not finished")
    }
    _ = try await first
    try await applied(site)
    #expect(try await onNode(site, "cat /var/lib/cluster/root").hasSuffix(" 2"))
    #expect(try await onNode(site, "ls /root/file 2>&1 || true").contains("No such file"))
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  private func applied(_ site: UserSite) async throws {
    var apply = try await site.cluster(["apply", "--lab", "--yes"])
    if apply.status != 0 {
      // Emulated on a machine that is busy: it is still at it.
      try await site.eventually("node001 is ready", within: Self.patience) {
        try await site.status().nodes.first?.state == "ready"
      }
      apply = try await site.cluster(["apply", "--lab", "--yes"])
    }
    try #require(apply.status == 0, "\(apply.text)\(apply.errorText)")
  }

  /// Until it has another boot's id, and is ready.
  private func ready(_ site: UserSite, after boot: String) async throws {
    try await site.eventually("node001 is ready again", within: Self.patience) {
      let now = try? await onNode(site, "cat /proc/sys/kernel/random/boot_id")
      guard let now, !now.isEmpty, now != boot else { return false }
      return try await site.status().nodes.first?.state == "ready"
    }
  }

  private func root(_ site: UserSite) async throws -> String {
    // By its number: the initramfs mounts it by its UUID, and findmnt(8) shows what mount(2) was given.
    try await onNode(site, "lsblk --noheadings --raw --output NAME,FSTYPE,MOUNTPOINT /dev/nvme0n1p2")
  }

  private func console(_ site: UserSite) -> String {
    site.lab.machine("node001").flatMap { LabFiles.text(site.lab.console(of: $0)) } ?? ""
  }

  private func onNode(_ site: UserSite, _ script: String) async throws -> String {
    // An emulated node that has just booted may take ten seconds to greet.
    let way = "ssh -i /var/lib/cluster/node-login-key -o BatchMode=yes -o ConnectTimeout=60 root@10.1.1.1"
    return try await site.onHead("head1", ["sh", "-c", "\(way) \"\(script)\""]).text
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
