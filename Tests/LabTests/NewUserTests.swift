// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// What a new user does, with the programs that `make build` left: a lab, an apply, drift, a kill, a lost head.
@Suite(.serialized, .timeLimit(.minutes(30)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct NewUserTests {
  @Test func fromClusterYAMLToAHighlyAvailableCluster() async throws {
    let site = try await UserSite.make()
    do {
      try await firstApply(site)
      try await drift(site)
      try await oneFile(site)
      try await edits(site)
      try await stoppedPacemaker(site)
      try await killed(site)
      try await lostHead(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  private func firstApply(_ site: UserSite) async throws {
    let plan = try await site.cluster(["plan", "--lab", "--detailed-exitcode"])
    #expect(plan.status == 2)

    let apply = try await site.cluster(["apply", "--lab", "--yes"])

    #expect(apply.status == 0, "\(apply.errorText)")
    let status = try await site.status()
    #expect(status.heads.map(\.online) == [true, true])
    #expect(status.heads.map(\.role) == ["active", "standby"])
    #expect(status.ha.armed)
    #expect(status.addresses.map(\.holder) == ["head1", "head1"])
    #expect(status.services.map(\.state) == ["running", "running", "running"])
    #expect(status.nodes.map(\.state) == ["ready", "ready", "ready", "ready"])
    #expect(Set(status.nodes.map(\.image)).count == 1)
    for head in ["head1", "head2"] {
      #expect(try await site.onHead(head, ["date", "+%Z"]).text.hasPrefix("CE"), "Europe/Zurich")
    }
    let commit = try #require(status.lastRun?.commit)
    #expect(try await site.git(["log", "-1", "--format=%H", "cluster/history"]) == commit)
    #expect(
      try await site.git(["log", "-1", "--format=%(trailers:key=Result,valueonly)", "cluster/history"]) == "converged")

    let again = try await site.cluster(["apply", "--lab", "--yes"])

    #expect(again.status == 0)
    #expect(again.text.hasPrefix("No changes."))
    #expect(try await site.git(["log", "-1", "--format=%H", "cluster/history"]) == commit)
  }

  /// An edited file and a removed package are planned; what Pacemaker mends itself is back by then.
  private func drift(_ site: UserSite) async throws {
    _ = try await site.onHead("head1", ["sed", "-i", "$a # by hand", "/etc/dnsmasq.d/cluster.conf"])
    _ = try await site.onHead("head1", ["dpkg", "--remove", "iputils-arping"])
    _ = try await site.onHead("head1", ["systemctl", "stop", "nginx.service"])
    _ = try await site.onHead("head1", ["ip", "address", "del", "198.51.100.10/24", "dev", "eth1"])

    let plan = try await site.plan()

    #expect(plan.contains { $0.operation.hasPrefix("ensureFile") && $0.id.contains("/etc/dnsmasq.d/cluster.conf") })
    #expect(plan.contains { $0.operation.hasPrefix("ensurePackages") })
    #expect(try await site.cluster(["apply", "--lab", "--yes"]).status == 0)
    try await site.eventually("the service address and nginx are back") {
      let status = try await site.status()
      return status.addresses.allSatisfy { $0.holder != nil } && status.services.allSatisfy { $0.state == "running" }
    }
  }

  /// Cost follows what changed: one file on one head is one operation there, and nobody is called more than it takes.
  private func oneFile(_ site: UserSite) async throws {
    _ = try await site.onHead("head2", ["sed", "-i", "2i # by hand", "/etc/hosts"])
    let events = "\(site.folder)/events"
    let before = (try await connections(site, "head1"), try await connections(site, "head2"))

    let apply = try await site.cluster(["apply", "--lab", "--yes", "--json-into", events])

    #expect(apply.status == 0, "\(apply.errorText)")
    struct Event: Decodable { var event: String, host: String?, operation: String? }
    let started = try String(contentsOfFile: events, encoding: .utf8).split(separator: "\n")
      .map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }.filter { $0.event == "started" }
    #expect(started.map(\.host) == ["head2"])
    #expect(started.map(\.operation) == ["ensureFile"])
    // The run's own, over which it looks, claims the lease, acts and looks again; then git's, which takes the record
    // there. Asking for the count is one more.
    for (head, before) in [("head1", before.0), ("head2", before.1)] {
      let made = try await connections(site, head) - before - 1
      #expect((1...3).contains(made), "\(made) connections to \(head)")
    }
  }

  /// How often sshd has let somebody in.
  private func connections(_ site: UserSite, _ head: String) async throws -> Int {
    try await site.onHead(head, ["journalctl", "--unit=ssh.service", "--boot", "--output=cat", "--no-pager"]).text
      .split(separator: "\n").filter { $0.hasPrefix("Accepted publickey") }.count
  }

  private func edits(_ site: UserSite) async throws {
    try site.edit("every: 3s", "every: 5s")
    let interval = try await site.plan()
    #expect(interval.map(\.id) == ["pacemaker:cib/configure"])

    try site.edit("node[001-004]", "node[001-003]")
    let removal = try await site.plan()
    #expect(removal.contains { $0.id.contains("/srv/cluster/http/ipxe") && $0.host == "head1" })
    #expect(try await site.cluster(["apply", "--lab", "--yes"]).status == 0)
    #expect(try await site.status().nodes.count == 3)
  }

  /// Somebody has stopped Pacemaker on one head, and Corosync with it on the other. It starts again without a head
  /// being fenced, which it would do to one that it does not see.
  private func stoppedPacemaker(_ site: UserSite) async throws {
    _ = try await site.onHead("head2", ["systemctl", "stop", "pacemaker.service"])
    _ = try await site.onHead("head1", ["systemctl", "stop", "corosync.service"])
    let before = try await [booted(site, "head1"), booted(site, "head2")]
    #expect(try await site.fetch("/boot.ipxe") == false)

    let plan = try await site.plan()
    #expect(!plan.contains { $0.id.hasPrefix("ha-bootstrap") }, "\(plan.map(\.id))")
    let apply = try await site.cluster(["apply", "--lab", "--yes"])

    #expect(apply.status == 0, "\(apply.errorText)")
    let after = try await [booted(site, "head1"), booted(site, "head2")]
    #expect(after == before)
    let status = try await site.status()
    #expect(status.ha.armed && status.addresses.allSatisfy { $0.holder != nil })
    #expect(try await site.fetch("/boot.ipxe"))
  }

  /// When the head's PID 1 came up.
  private func booted(_ site: UserSite, _ head: String) async throws -> String {
    try await site.onHead(head, ["systemctl", "show", "--property=UserspaceTimestampMonotonic", "--value"]).text
  }

  private func killed(_ site: UserSite) async throws {
    try site.edit("node[001-003]", "node[001-004]")
    try await site.killApply()

    let apply = try await site.cluster(["apply", "--lab", "--yes"])

    #expect(apply.status == 0, "\(apply.errorText)")
    #expect(try await site.cluster(["apply", "--lab", "--yes"]).text.hasPrefix("No changes."))
    try await site.eventually("all nodes are ready") {
      try await site.status().nodes.allSatisfy { $0.state == "ready" }
    }
  }

  private func lostHead(_ site: UserSite) async throws {
    let lost = ContinuousClock.now
    _ = try await site.cluster(["lab", "power", "head1", "off"])
    try await site.eventually("the boot service answers on the service address") { try await site.fetch("/boot.ipxe") }
    // 10 s with the machine to itself; the rest is for a busy one.
    #expect(ContinuousClock.now - lost < .seconds(20))
    try await site.eventually("head2 is active, and head1 is back as standby") {
      let status = try await site.status()
      return status.heads.map(\.role) == ["standby", "active"] && status.ha.armed
    }
    try await site.eventually("the nodes carry on") {
      try await site.status().nodes.allSatisfy { $0.state == "ready" }
    }
    #expect(try await site.cluster(["apply", "--lab", "--yes"]).status == 0)
  }
}
