// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Nodes that are ready by their own checks: one that does not pass is told, stops the roll, and is mended while it
/// runs.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct ReadyLabTests {
  private static let files = [
    "gate/set.yaml": """
    summary: A gate before nodes.
    settings:
      closed: { type: text, default: none, doc: The node that is not let in. }

    """,
    "gate/tests/open.yaml": """
    summary: The node is let in.
    script: data/open
    arguments: ["{{ machine.name }}", "{{ set.closed }}"]
    on: each node
    kind: ready
    remediation: Open the gate.

    """,
    "gate/tests/data/open":
      "#!/bin/sh\n[ \"$(hostname)\" = \"$1\" ] || exit 9\n[ \"$1\" != \"$2\" ] || { echo 'the gate is shut'; exit 1; }\n",
  ]

  /// One head and three nodes.
  private static let spec = """
    version: 1
    cluster: alps
    domain: alps.example.org
    networks:
      public: { cidr: 198.51.100.0/24, gateway: 198.51.100.1, dns: [198.51.100.1] }
      private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] }
      bmc: { cidr: 10.3.0.0/16 }
    repositories: { proxy: "http://198.51.100.1:3142" }
    heads:
      head1:
        nics:
          eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 }
          eth1: { network: public, address: 198.51.100.11, mac: 52:54:00:02:00:01 }
        bmc: { address: 10.3.0.1, protocol: ipmi, user: admin, password: secret:bmc/head1 }
    images:
      compute: { release: debian/bookworm, kernel: linux-image-amd64 }
    nodes:
      - names: node[001-003]
        image: compute
        boot: stateless
        nics:
          eth0: { network: private, address: 10.1.1.1+, mac: 52:54:00:11:00:01+ }
        bmc: { address: 10.3.1.1+, protocol: ipmi, user: admin, password: secret:bmc/nodes }
    access:
      ssh: { user: root }
    packages: { gate: { closed: none } }

    """

  @Test func aNodeIsReadyWhenItsChecksPass() async throws {
    let packages = FileManager.default.temporaryDirectory.appending(path: "ready-\(UUID())")
    defer { try? FileManager.default.removeItem(at: packages) }
    for (path, text) in Self.files {
      let file = packages.appending(path: path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let script = packages.appending(path: "gate/tests/data/open").path
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    let site = try await UserSite.make(spec: Self.spec, beside: ["packages": packages])
    do {
      try await toldWhileItRuns(site)
      try await mendedWhileItRuns(site)
      try await stopsTheRoll(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// All come up and pass. Then one is shut out while it runs: it is told, and waited for, and goes on running.
  private func toldWhileItRuns(_ site: UserSite) async throws {
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    try #require(apply.status == 0, "\(apply.errorText)")
    #expect(try await states(site) == ["ready", "ready", "ready"])

    try site.edit("closed: none", "closed: node002")
    let closed = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(closed.status != 0, "\(closed.errorText)")
    #expect(closed.errorText.contains("node002 is up, and gate/open does not pass"), "\(closed.errorText)")
    let status = try await site.cluster(["status", "--lab"])
    for words in ["2 of 3 ready", "UNREADY", "gate/open does not pass", "status 1, the gate is shut", "Open the gate."]
    {
      #expect(status.text.contains(words), "no `\(words)` in\n\(status.text)")
    }
    let plan = try await site.plan()
    #expect(plan.map(\.id) == ["nodes:all/boot-node002"], "\(plan)")
  }

  /// Another value reaches it while it runs, it runs its checks again, and nothing is left to do.
  private func mendedWhileItRuns(_ site: UserSite) async throws {
    let before = try await boots(site)
    try #require(!before.contains(""), "\(before)")
    try site.edit("closed: node002", "closed: none")
    let began = ContinuousClock.now
    let mended = try await site.cluster(["apply", "--lab", "--yes"])
    print("checks reached nodes that run in \(ContinuousClock.now - began)")
    #expect(mended.status == 0, "\(mended.errorText)")
    #expect(try await states(site) == ["ready", "ready", "ready"])
    #expect(try await boots(site) == before, "no node restarts for a check")
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  /// The first node that restarts does not pass: the others go on with what they run.
  private func stopsTheRoll(_ site: UserSite) async throws {
    let before = try await boots(site)
    try site.edit("closed: none", "closed: node001")
    try site.edit("image: compute\n", "image: compute\n    kernel_args: [quiet]\n")
    let run = try site.start(["apply", "--lab", "--yes"])
    try await site.eventually("node001 has restarted") { try await boots(site)[0] != before[0] }
    try await site.eventually("node001 is up, and not ready") { try await states(site).first == "unready" }
    #expect(try await boots(site).dropFirst() == before.dropFirst(), "its place is not given to another one")
    run.send(SIGINT)
    #expect(try await run.ended() != 0, "\(run.text)")

    try site.edit("closed: node001", "closed: none")
    let rolled = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(rolled.status == 0, "\(rolled.errorText)")
    #expect(try await states(site) == ["ready", "ready", "ready"])
    let after = try await boots(site)
    #expect(!after.contains("") && zip(before, after).allSatisfy { $0 != $1 }, "\(before) \(after)")
  }

  private func states(_ site: UserSite) async throws -> [String] { try await site.status().nodes.map(\.state) }

  /// When each node's PID 1 began; empty for one that is away.
  private func boots(_ site: UserSite) async throws -> [String] {
    var all: [String] = []
    let way = "ssh -i /var/lib/cluster/node-login-key -o BatchMode=yes -o ConnectTimeout=5"
    for node in 1...3 {
      let since = "systemctl show --property=UserspaceTimestampMonotonic --value"
      let look = "\(way) root@10.1.1.\(node) \(since) 2> /dev/null || true"
      all.append(try await site.onHead("head1", ["sh", "-c", look]).text)
    }
    return all
  }
}
