// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// The real DRBD, of Debian's kernel, under Pacemaker: both heads are machines that QEMU emulates. It takes half an
/// hour, so it runs where it is asked for.
@Suite(
  .serialized, .timeLimit(.minutes(60)),
  .enabled(
    if: geteuid() == 0 && ProcessInfo.processInfo.environment["CLUSTER_TEST_DRBD"] != nil, "set CLUSTER_TEST_DRBD"))
struct DRBDHeadsTests {
  /// Emulated and slow: it is silent for seconds where nothing is wrong, so `detect` and `monitor` are patient.
  private static let spec = """
    version: 1
    cluster: fjord
    domain: fjord.example.org
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
          enp0s3: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 }
          enp0s4: { network: public, address: 198.51.100.11, mac: 52:54:00:02:00:01 }
          enp0s5: { network: heartbeat, address: 10.2.0.1, mac: 52:54:00:03:00:01 }
        bmc: { address: 10.3.0.1, protocol: ipmi, user: admin, password: secret:bmc/head1 }
      head2:
        nics:
          enp0s3: { network: private, address: 10.1.0.2, mac: 52:54:00:01:00:02 }
          enp0s4: { network: public, address: 198.51.100.12, mac: 52:54:00:02:00:02 }
          enp0s5: { network: heartbeat, address: 10.2.0.2, mac: 52:54:00:03:00:02 }
        bmc: { address: 10.3.0.2, protocol: ipmi, user: admin, password: secret:bmc/head2 }
    packages:
      keeper:
      accounts: { home_mount: /home }
      home-nfs-heads: { network: private }
    ha:
      addresses: { private: 10.1.0.10 }
      services: [dhcp, dns, boot, { name: timers, unit: cron.service }]
      monitor: { every: 10s, timeout: 30s, restarts: 3 }
      failback: manual
      heartbeat: { links: [private, heartbeat], detect: 5s }
      fencing: { via: bmc }
      state:
        replicated:
          path: /srv/state
          over: heartbeat
          disks: { head1: /dev/disk/by-id/virtio-state, head2: /dev/disk/by-id/virtio-state }
    access:
      ssh: { user: root }

    """

  /// Programs that a step would otherwise install for ten minutes on an emulated processor. Corosync and Pacemaker are
  /// none of them: they would run before they are told what for.
  private static let installed = [
    "busybox", "curl", "dnsmasq-base", "drbd-utils", "fence-agents", "git", "ipmitool", "iputils-arping", "ipxe",
    "libknet1", "libpacemaker1", "nfs-common", "nfs-kernel-server", "nftables", "openssl",
    "psmisc", "resource-agents", "socat",
  ]

  @Test func stateOnDRBDOutlivesEitherHead() async throws {
    let options = ["head1", "head2"].flatMap { ["--vm", $0] } + Self.installed.flatMap { ["--install", $0] }
    let site = try await UserSite.make(
      spec: Self.spec, beside: ["packages": Keeper.example.appending(path: "packages")], lab: options)
    do {
      try await comesUp(site)
      try await compareWrites(site)
      let homes = Homes(site)
      try await homes.areShared()
      try await homes.holdOpen(on: "head2")
      try await loses("head1", takenOverBy: "head2", site)
      await withKnownIssue("a lock is lost with a head", isIntermittent: true) {
        try await homes.areStillOpen(on: "head2")
      }
      try await moves(to: "head1", site)
      await withKnownIssue("a lock is lost with a head", isIntermittent: true) {
        try await homes.areStillOpen(on: "head2")
      }
      try await homes.areShared()
      try await loses("head2", takenOverBy: "head1", site)
      try await neverStartsFromLess(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  private func comesUp(_ site: UserSite) async throws {
    let begun = ContinuousClock.now
    var apply = try await site.cluster(["apply", "--lab", "--yes"])
    // A step that an emulated processor was too slow for is done by the next run, as its message says.
    for _ in 0..<2 where apply.status != 0 {
      print("apply once more:", apply.errorText.split(separator: "\n").suffix(5).joined(separator: " | "))
      apply = try await site.cluster(["apply", "--lab", "--yes"])
    }
    print("apply: \((ContinuousClock.now - begun).components.seconds) s")
    try #require(apply.status == 0, "\(apply.text) \(apply.errorText.suffix(6000))")
    for head in ["head1", "head2"] {
      #expect(try await site.onHead(head, ["cat", "/sys/module/drbd/version"]).text.hasPrefix("8.4."))
    }
    try await Keeper(site).inSync(on: "head1", within: .seconds(300))
    #expect(try await Keeper(site).isKept("first"))
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  /// By order, with everything.
  private func moves(to head: String, _ site: UserSite) async throws {
    let before = try await Keeper(site).lines(on: head == "head1" ? "head2" : "head1")
    let moved = try await site.cluster(["ha", "switchover", "--to", head, "--lab", "--yes"])
    print("switchover:", (moved.text + moved.errorText).split(separator: "\n").filter { $0.contains("run on") })
    #expect(moved.status == 0, "\(moved.text) \(moved.errorText)")
    try await Keeper(site).inSync(on: head)
    #expect(try await Keeper(site).isKept("moved"))
    #expect(try await Keeper(site).lines(on: head) == before + ["moved"])
  }

  /// Its power goes, links first, while the service is told things: what it has confirmed is there, and the head that
  /// comes back is given what has changed.
  private func loses(_ head: String, takenOverBy other: String, _ site: UserSite) async throws {
    try await site.eventually("armed", within: .seconds(300)) { try await site.status().ha.armed }
    async let off = site.cluster(["lab", "power", head, "off"])
    let (kept, longest) = try await Keeper(site).tell(for: .seconds(75))
    #expect(try await off.status == 0)
    print("\(head) lost: \(kept.count) lines kept, \(longest) s without an answer")
    try await Keeper(site).inSync(on: other, within: .seconds(480))
    let found = Set(try await Keeper(site).lines(on: other))
    #expect(kept.filter { !found.contains($0) } == [] && kept.count > 10)
    try await onlyChangesCameTo(head, site)
    try await site.eventually("\(head) may take over", within: .seconds(300)) { try await site.status().ha.armed }
    // What DRBD's handler wrote into Pacemaker's configuration while it was away has gone.
    #expect(try await fence(on: other, site) == nil)
  }

  /// The disks lose sight of each other, and the head that goes on is lost: the other one waits for it.
  private func neverStartsFromLess(_ site: UserSite) async throws {
    let began = try await Keeper(site).start(on: "head2")
    #expect(try await site.cluster(["lab", "cut", "head2", "heartbeat"]).status == 0)
    let silent = ContinuousClock.now
    try await site.eventually("head1 goes on alone") { try await Keeper(site).isKept("third") }
    print("replication cut: written again after \((ContinuousClock.now - silent) / .seconds(1)) s")
    try await site.eventually("it is told") {
      try await Keeper(site).state()?.detail.hasPrefix("head1 goes on alone: head2 has an older copy") == true
    }
    let refused = try await site.cluster(["ha", "switchover", "--to", "head2", "--lab", "--yes"])
    #expect(refused.status == 6 && refused.errorText.contains("head2 has an older copy"), "\(refused.errorText)")
    #expect(try await fence(on: "head2", site)?.contains(#"value="head1""#) == true)

    #expect(try await site.cluster(["lab", "power", "head1", "off"]).status == 0)
    try await site.eventually("head2 has the address, and not the service") {
      let shown = try? await site.onHead("head2", ["ip", "-4", "address", "show", "enp0s3"]).text
      return shown?.contains("10.1.0.10/") == true
    }
    #expect(try await Keeper(site).isKept("lost") == false)
    #expect(try await site.onHead("head2", ["cat", "/proc/drbd"]).text.contains("ro:Secondary/Unknown"))
    try await site.eventually("head1 is back with its copy", within: .seconds(480)) {
      try await Keeper(site).isKept("fourth")
    }
    #expect(try await Keeper(site).lines(on: "head1").suffix(2) == ["third", "fourth"])
    #expect(try await Keeper(site).start(on: "head2") == began)

    #expect(try await site.cluster(["lab", "cut", "head2", "heartbeat", "--mend"]).status == 0)
    try await Keeper(site).inSync(on: "head1", within: .seconds(300))
    try await onlyChangesCameTo("head2", site)
    try await site.eventually("head2 may take over again") { try await fence(on: "head1", site) == nil }
  }

  // MARK: What is seen

  /// The constraint of DRBD's handler for a lost peer. Nil: there is none.
  private func fence(on head: String, _ site: UserSite) async throws -> String? {
    let constraints = try await site.onHead(head, ["cibadmin", "--query", "--scope", "constraints"]).text
    return constraints.firstMatch(of: /(?s)<rsc_location[^>]*drbd-fence-by-handler.*?<\/rsc_location>/)
      .map { String($0.0) }
  }

  /// As its kernel said when it began: `will sync 1234 KB`.
  private func onlyChangesCameTo(_ head: String, _ site: UserSite) async throws {
    let log = try await site.onHead(head, ["journalctl", "--boot", "--dmesg", "--output=cat", "--grep=will sync"]).text
    let copied = try #require(
      log.matches(of: /SyncTarget \(will sync ([0-9]+) KB/).compactMap { Int($0.1) }.last, "\(log)")
    print("copied to \(head): \(copied) KiB of 512 MiB")
    #expect(copied < 256 << 10)
  }

  /// Synchronous writes of 4 KiB on the replicated disk, and on the head's own. An emulated processor shows both slow;
  /// what counts is one beside the other.
  private func compareWrites(_ site: UserSite) async throws {
    var seconds: [Double] = []
    for folder in ["/srv/state", "/var/tmp"] {
      let words = try await site.onHead(
        "head1", ["dd", "if=/dev/zero", "of=\(folder)/speed", "bs=4k", "count=300", "oflag=dsync"]
      ).errorText
      seconds.append(try #require(words.firstMatch(of: /copied, ([0-9.e-]+) s/).flatMap { Double($0.1) }, "\(words)"))
      _ = try await site.onHead("head1", ["rm", "\(folder)/speed"])
    }
    print("synchronous writes a second: \(300 / seconds[0]) replicated, \(300 / seconds[1]) local")
  }
}
