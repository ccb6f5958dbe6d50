// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// A head that is a machine and no container: UEFI starts it, grub loads its kernel, its cards are named by udev.
@Suite(.serialized, .timeLimit(.minutes(45)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct UEFIHeadTests {
  /// Emulated and slow: it is silent for seconds where nothing is wrong, so `detect` and `monitor` are patient.
  private static let spec = """
    version: 1
    cluster: alps
    domain: alps.example.org
    networks:
      public: { cidr: 198.51.100.0/24, gateway: 198.51.100.1, dns: [198.51.100.1] }
      private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] }
      heartbeat: { cidr: 10.2.0.0/24 }
      bmc: { cidr: 10.3.0.0/16 }
    repositories:
      proxy: http://198.51.100.1:3142
    heads:
      head1:
        nics:
          eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 }
          eth1: { network: public, address: 198.51.100.11, mac: 52:54:00:02:00:01 }
          eth2: { network: heartbeat, address: 10.2.0.1, mac: 52:54:00:03:00:01 }
        bmc: { address: 10.3.0.1, protocol: ipmi, user: admin, password: secret:bmc/head1 }
      head2:
        clone_of: head1
        firmware: uefi
        nics:
          enp0s3: { network: private, address: 10.1.0.2, mac: 52:54:00:01:00:02 }
          enp0s4: { network: public, address: 198.51.100.12, mac: 52:54:00:02:00:02 }
          enp0s5: { network: heartbeat, address: 10.2.0.2, mac: 52:54:00:03:00:02 }
        bmc: { address: 10.3.0.2, protocol: ipmi, user: admin, password: secret:bmc/head2 }
    images:
      compute:
        release: debian/bookworm
        kernel: linux-image-cloud-amd64
    ha:
      addresses: { public: 198.51.100.10, private: 10.1.0.10 }
      services: [dhcp, dns, boot]
      monitor: { every: 10s, timeout: 30s, restarts: 3 }
      failback: manual
      heartbeat: { links: [private, heartbeat], detect: 20s }
      fencing: { via: bmc }
    access:
      ssh: { user: root }

    """

  @Test func aHeadWithUEFIIsClonedFencedAndBack() async throws {
    let site = try await UserSite.make(spec: Self.spec, lab: ["--vm", "head2"])
    do {
      let begun = ContinuousClock.now
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      print("apply: \((ContinuousClock.now - begun).components.seconds) s")
      try await succeeded(apply, site)
      try await startedFromItsDisk(site)
      try await site.eventually("both heads are in the cluster") { try await site.status().ha.armed }
      try await cut(site)
      let again = try await site.cluster(["apply", "--lab", "--yes"])
      #expect(again.status == 0 && again.text.hasPrefix("No changes."), "\(again.text)\(again.errorText)")
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// All that a container cannot show: the firmware, the boot loader's partition, the root by its UUID, the cards.
  private func startedFromItsDisk(_ site: UserSite) async throws {
    let words = try await site.onHead("head2", ["cat", "/proc/cmdline"]).text
    let root = try await site.onHead("head2", ["findmnt", "--noheadings", "--output", "SOURCE,UUID", "/"]).text
      .split(whereSeparator: \.isWhitespace).map(String.init)
    #expect(root.first == "/dev/nvme0n1p1" && words.contains("root=UUID=\(root.last ?? "none")"), "\(root) \(words)")
    _ = try await site.onHead("head2", ["test", "-d", "/sys/firmware/efi"])
    _ = try await site.onHead("head2", ["test", "-f", "/boot/efi/EFI/BOOT/BOOTX64.EFI"])
    let uuid = try await site.onHead("head2", ["cat", "/sys/class/dmi/id/product_uuid"]).text
    #expect(uuid.filter(\.isHexDigit) == site.lab.systemUUID(of: "head2"))
    let failed = try await site.onHead("head2", ["systemctl", "list-units", "--failed", "--plain", "--no-legend"]).text
    #expect(failed == "")
  }

  /// Its power really goes, and UEFI starts it from its disk again, without anybody's help.
  private func cut(_ site: UserSite) async throws {
    let before = try await site.onHead("head2", ["cat", "/proc/sys/kernel/random/boot_id"]).text
    let test = try await site.cluster(["ha", "fence-test", "head2", "--lab", "--yes"])
    print("fence-test:", (test.text + test.errorText).split(separator: "\n").filter { $0.contains("off after") })
    try await succeeded(test, site)
    try await site.eventually("both heads are in the cluster again") { try await site.status().ha.armed }
    #expect(try await site.onHead("head2", ["cat", "/proc/sys/kernel/random/boot_id"]).text != before)
    // A machine that has just booted, and is emulated beside others, does not answer each question in time.
    try await site.eventually("both answer, and the addresses are where they were") {
      let status = try await site.status()
      return status.heads.map(\.online) == [true, true] && status.addresses.map(\.holder) == ["head1", "head1"]
    }
  }

  /// What failed is told by the machine's console, and by the head that may have had it fenced.
  private func succeeded(_ result: CommandResult, _ site: UserSite) async throws {
    if result.status == 0 { return }
    let console = site.lab.machine("head2").flatMap { LabFiles.text(site.lab.console(of: $0)) } ?? ""
    let journal = try await site.onHead(
      "head1", ["journalctl", "--unit", "corosync", "--unit", "pacemaker", "--no-pager", "--lines", "150"])
    try #require(result.status == 0, "\(result.errorText.suffix(6000))\n\(console.suffix(3000))\n\(journal.text)")
  }
}
