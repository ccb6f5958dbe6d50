// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Package sets as a site writes them: one for heads, with a unit of its own, and one for nodes, with a program of
/// Debian's.
struct SetsOfTheSite {
  let site: UserSite

  private static let files = [
    "hello/set.yaml": """
    summary: A word of each head.
    settings:
      word: { type: text, default: hello, doc: What heads say. }
    heads: { files: files, units: [site-hello.service] }

    """,
    "hello/files/etc/site-hello.j2":
      "{{ set.word }} from {{ head.fqdn }} to {{ cluster.nodes | each('name') | hostlist }}\n",
    "hello/files/usr/local/sbin/site-hello": "#!/bin/sh\nexec cp /etc/site-hello /run/site-hello\n",
    "hello/files/etc/systemd/system/site-hello.service": """
    [Service]
    Type=oneshot
    RemainAfterExit=yes
    ExecStart=/usr/local/sbin/site-hello
    [Install]
    WantedBy=multi-user.target

    """,
    "metrics/set.yaml": """
    summary: Metrics of each node.
    settings:
      port: { type: number, minimum: 1024, maximum: 65535, doc: TCP port at which nodes answer. }
    nodes: { packages: [prometheus-node-exporter], files: nodes, units: [prometheus-node-exporter.service] }

    """,
    "metrics/nodes/etc/default/prometheus-node-exporter.j2": "ARGS=\"--web.listen-address=:{{ set.port }}\"\n",
  ]

  func turnOn() throws {
    for (path, text) in Self.files {
      let file = URL(filePath: "\(site.folder)/packages/\(path)")
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let program = "\(site.folder)/packages/hello/files/usr/local/sbin/site-hello"
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
    try edit("\nheads:\n", "\npackages: { hello: , metrics: { port: 9177 } }\nheads:\n")
  }

  private func edit(_ old: String, _ new: String) throws {
    let path = "\(site.folder)/cluster.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try #require(text.contains(old))
    try text.replacing(old, with: new, maxReplacements: 1).write(toFile: path, atomically: true, encoding: .utf8)
  }

  private func word(_ word: String) async throws {
    for head in ["head1", "head2"] {
      let said = try await site.onHead(head, ["cat", "/run/site-hello"]).text
      #expect(said == "\(word) from \(head).alps.example.org to node[001-004]\n")
    }
  }

  /// Nodes answer at the port of the setting; heads say the word, and another one after it was changed, without a node
  /// being touched; without the set nothing of it is left.
  func check() async throws {
    try await word("hello")
    for node in 1...4 {
      let url = "http://10.1.1.\(node):9177/metrics"
      try await site.eventually("node00\(node) answers") {
        let metrics = try await site.onHead("head1", ["sh", "-c", "curl --silent --max-time 5 \(url) || true"])
        return metrics.text.contains("node_boot_time_seconds")
      }
    }

    try edit("{ hello: ,", "{ hello: { word: welcome },")
    let plan = try await site.plan()
    #expect(!plan.isEmpty && plan.allSatisfy { $0.id.contains("site-hello") }, "\(plan.map(\.id))")
    #expect(try await site.cluster(["apply", "--lab", "--yes"]).status == 0)
    try await word("welcome")

    try edit("{ hello: { word: welcome }, metrics", "{ metrics")
    let without = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(without.status == 0, "\(without.errorText)")
    for head in ["head1", "head2"] {
      for path in ["/etc/site-hello", "/usr/local/sbin/site-hello", "/etc/systemd/system/site-hello.service"] {
        let there = try await site.onHead(head, ["sh", "-c", "test ! -e \(path) || echo there"]).text
        #expect(there == "", "\(head): \(path)")
      }
    }
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }
}
