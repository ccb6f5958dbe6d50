// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// A node that is a machine with two disks: an empty NVMe disk, and one with somebody's ext4 on it.
@Suite(.serialized, .timeLimit(.minutes(45)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct NodeDisksLabTests {
  private static let spec = """
    \(LabDescription.oneHead)
    images:
      compute:
        release: debian/bookworm
        kernel: linux-image-cloud-amd64
        disks:
          - device: nvme
            partitions:
              - { label: scratch, size: 1GiB, format: ext4, mount: /scratch, permissions: root:root 1777 }
              - { label: data, size: 512MiB, format: xfs, mount: /data }
              - { label: swap, format: swap }
    nodes:
      - names: node001
        image: compute
        nics:
          enp0s3: { network: private, address: 10.1.1.1, mac: 52:54:00:11:00:01 }
        bmc: { address: 10.3.1.1, protocol: ipmi, user: admin, password: secret:bmc/nodes }
    access:
      ssh: { user: root }

    """

  @Test func disksAreMadeKeptAndRefused() async throws {
    let site = try await UserSite.make(spec: Self.spec, lab: ["--vm", "node001"])
    do {
      try await made(site)
      try await kept(site)
      try await refused(site)
      try await wiped(site)
    } catch {
      let console = site.lab.machine("node001").flatMap { LabFiles.text(site.lab.console(of: $0)) } ?? ""
      print(console.suffix(5000))
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// The first boot. The node is ready, so all of it is there.
  private func made(_ site: UserSite) async throws {
    var apply = try await site.cluster(["apply", "--lab", "--yes"])
    if apply.errorText.contains("nothing came after it") {
      // Emulated on a machine that is busy: it is still at it.
      try await site.eventually("node001 is ready") { try await site.status().nodes.first?.state == "ready" }
      apply = try await site.cluster(["apply", "--lab", "--yes"])
    }
    try #require(apply.status == 0, "\(apply.text)\(apply.errorText)")
    let used = try await used(site)
    #expect(used == "/dev/nvme0n1p1 /scratch, /dev/nvme0n1p2 /data, /dev/nvme0n1p3 [SWAP]")
    #expect(try await onNode(site, "stat -c %a /scratch") == "1777")
    _ = try await onNode(site, "echo kept > /scratch/file; sync")
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  /// A power cut, as far as the node can tell.
  private func kept(_ site: UserSite) async throws {
    let boot = try await onNode(site, "cat /proc/sys/kernel/random/boot_id")
    let cycle = try await site.cluster(["power", "cycle", "node001", "--lab", "--yes"])
    #expect(cycle.status == 0, "\(cycle.errorText)")
    let deadline = ContinuousClock.now + .seconds(420)
    while ContinuousClock.now < deadline {
      let now = try? await onNode(site, "cat /proc/sys/kernel/random/boot_id")
      if let now, !now.isEmpty, now != boot, try await site.status().nodes.first?.state == "ready" { break }
      try await Task.sleep(for: .seconds(2))
    }
    #expect(try await site.status().nodes.map(\.state) == ["ready"])
    #expect(try await onNode(site, "cat /proc/sys/kernel/random/boot_id") != boot)
    #expect(try await onNode(site, "cat /scratch/file") == "kept")
  }

  /// The other disk is described, and has data on it: the node says so, and what to do.
  private func refused(_ site: UserSite) async throws {
    try site.edit(
      "      - device: nvme\n",
      "      - device: model:QEMU HARDDISK\n        partitions: [{ label: local, format: ext4, mount: /local }]\n"
        + "      - device: nvme\n")
    let before = try await onNode(site, "sha256sum < /dev/sda")
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(apply.status != 0, "\(apply.text)")
    let status = try await site.cluster(["status", "--lab"])
    for words in ["0 of 1 ready", "/dev/sda is left alone: it has ext4", "wipe: once"] {
      #expect(status.text.contains(words), "no `\(words)` in\n\(status.text)")
    }
    #expect(try await onNode(site, "sha256sum < /dev/sda") == before)
    #expect(try await onNode(site, "cat /scratch/file") == "kept")
  }

  /// It may be destroyed: the plan says so, the node does it while it runs, and nothing is left to do.
  private func wiped(_ site: UserSite) async throws {
    try site.edit("HARDDISK\n", "HARDDISK\n        wipe: once\n")
    let plan = try await site.cluster(["plan", "--lab"])
    let words = "`wipe: once`: node001 will destroy whatever else is on the disk of model"
    #expect(plan.text.contains(words), "\(plan.text)")
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(apply.status == 0, "\(apply.text)\(apply.errorText)")
    #expect(try await onNode(site, "findmnt --noheadings --output SOURCE /local") == "/dev/sda1")
    #expect(try await onNode(site, "cat /scratch/file") == "kept")
  }

  private func used(_ site: UserSite) async throws -> String {
    try await onNode(
      site,
      "lsblk --noheadings --raw --output PATH,MOUNTPOINTS /dev/nvme0n1 | grep p[0-9] | paste -sd , | sed s/,/,\\ /g")
  }

  private func onNode(_ site: UserSite, _ script: String) async throws -> String {
    // An emulated node that has just booted may take ten seconds to greet.
    let way = "ssh -i /var/lib/cluster/node-login-key -o BatchMode=yes -o ConnectTimeout=60 root@10.1.1.1"
    return try await site.onHead("head1", ["sh", "-c", "\(way) \"\(script)\""]).text
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
