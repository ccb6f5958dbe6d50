// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// A set of nothing but checks, as a site writes one, run on heads and nodes.
struct ChecksOfTheSite {
  let site: UserSite

  private static let files = [
    "set.yaml": "summary: The cluster can be used.\n",
    "tests/heads.yaml": """
    summary: Each head knows its name.
    run: [hostname]
    on: heads
    expect: { output: "^head[12]$" }
    kind: ready

    """,
    "tests/nodes.yaml": """
    summary: Each node is up, and runs what it is given.
    script: data/uptime.sh
    arguments: ["{{ machine.name }} $HOME", "{{ machine.address }}"]
    on: each node
    needs: [heads]
    expect: { output: "of node00[1-4] \\\\$HOME at 10\\\\.1\\\\.1\\\\.[1-4]$", number: { minimum: 1 } }

    """,
    "tests/data/uptime.sh": "#!/bin/sh\nread up rest </proc/uptime\necho \"$up of $1 at $2\"\n",
    "tests/same.yaml": "summary: All run one kernel.\nrun: [uname, -r]\non: each node\nexpect: { same: true }\n",
    "tests/names.yaml": """
    summary: Nodes know each other.
    run: [getent, hosts, "{{ peer.fqdn }}"]
    on: pair
    needs: [nodes]

    """,
    "tests/broken.yaml": """
    summary: There is a file that nobody made.
    run: [ls, /nowhere]
    on: each node
    needs: [nodes]
    remediation: Make it.

    """,
    "tests/after.yaml": "summary: It is read.\nrun: [cat, /nowhere]\non: pair\nneeds: [broken]\n",
    "tests/slow.yaml": "summary: It ends.\nrun: [sleep, \"60\"]\non: one node\ntimeout: 1s\n",
    "tests/user.yaml": "summary: Users can work.\nrun: [id]\nas: user\non: one node\n",
  ]

  private func edit(_ old: String, _ new: String) throws {
    let path = "\(site.folder)/cluster.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try #require(text.contains(old))
    try text.replacing(old, with: new, maxReplacements: 1).write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// Turns the set on, which changes nothing on any machine, runs its checks, and turns it off.
  func check() async throws {
    for (path, text) in Self.files {
      let file = URL(filePath: "\(site.folder)/packages/proof/\(path)")
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    try edit("\npackages: { ", "\npackages: { proof: , ")
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0, "checks are on no machine")
    try await all()
    try await chosen()
    try edit("\npackages: { proof: , ", "\npackages: { ")
  }

  private func all() async throws {
    let began = ContinuousClock.now
    let junit = "\(site.folder)/results.xml"
    let test = try await site.cluster(["test", "proof", "--lab", "--junit", junit])
    print("cluster test of 8 checks on 2 heads and 4 nodes took \(ContinuousClock.now - began)")
    #expect(test.status == 7, "\(test.errorText)")
    let lines = test.text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    for expected in [
      "passed proof/heads head[1-2] ", "passed proof/nodes node[001-004] ", "passed proof/same node[001-004] ",
      "passed proof/names node[001-004] ", "FAILED proof/broken node[001-004] ",
      "skipped proof/after node[001-004] needs proof/broken, which failed", "FAILED proof/slow node001 ",
      "proof/slow on node001: it did not end within 1 s",
      "skipped proof/user node001 there is no account cluster-test: turn on the set `accounts`",
      "| ls: cannot access '/nowhere': No such file or directory", "next: Make it.",
      "14 passed, 5 failed, 5 skipped, 0 unknown",
    ] {
      #expect(lines.contains { $0.hasPrefix(expected) }, "no \(expected) in\n\(test.text)")
    }
    let xml = try String(contentsOfFile: junit, encoding: .utf8)
    #expect(xml.contains("<testsuite name=\"proof\" tests=\"24\" failures=\"5\" errors=\"0\" skipped=\"5\">"), "\(xml)")
    let log = try await site.cluster(["log", "--lab"])
    #expect(log.text.contains("test proof"), "\(log.text)")
    for node in 1...4 {
      let left = try await site.onHead(
        "head1", ["ssh", "-i", "/var/lib/cluster/node-login-key", "root@10.1.1.\(node)", "ls", "/tmp"])
      #expect(!left.text.contains("cluster-check"), "\(left.text)")
    }
  }

  private func chosen() async throws {
    let good = try await site.cluster(["test", "proof/names", "--lab", "--output", "json", "--on", "node[002-003]"])
    #expect(good.status == 0, "\(good.errorText)")
    #expect(good.text.contains("\"passed\" : true"), "\(good.text)")
    let ready = try await site.cluster(["test", "--lab", "--kind", "ready"])
    #expect(ready.status == 0 && ready.text.contains("2 passed, 0 failed"), "\(ready.errorText)")
  }
}
