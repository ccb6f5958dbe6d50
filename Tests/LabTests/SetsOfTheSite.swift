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
    "greeting/set.yaml": """
    summary: A greeting on each node, taken up while it runs.
    settings:
      word: { type: text, default: hello, doc: The greeting. }
    nodes:
      files: files
      units: [site-greeting.service]
      live:
        /etc/site-greeting: { reload: site-greeting.service }
        /etc/site-name: {}

    """,
    "greeting/files/etc/site-greeting.j2": "{{ set.word }}\n",
    "greeting/files/etc/site-name.j2": "{{ set.word }} {{ node.name }}\n",
    "greeting/files/etc/systemd/system/site-greeting.service": """
    [Service]
    Type=oneshot
    RemainAfterExit=yes
    ExecStart=/bin/cp /etc/site-greeting /run/site-greeting
    ExecReload=/bin/cp /etc/site-greeting /run/site-greeting
    ExecReload=/bin/sh -c 'echo x >> /run/site-greeting-reloads'
    [Install]
    WantedBy=multi-user.target

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
    try edit("\nheads:\n", "\npackages: { hello: , metrics: { port: 9177 }, greeting: { word: hello } }\nheads:\n")
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

  /// A line of each node, by name.
  private func onNodes(_ script: String) async throws -> [String] {
    var lines: [String] = []
    for node in ["node001", "node002", "node003", "node004"] {
      let said = try await Command.run(
        "ssh", ["-F", site.lab.sshConfig, "-o", "ConnectTimeout=5", node, script], deadline: .seconds(60))
      lines.append(said.text.trimmingCharacters(in: .newlines))
    }
    return lines
  }

  /// Another value reaches all nodes while they run: no restart, new files, one reload, on all of them at once.
  func checkLive() async throws {
    let boots = "stat -c %Y /proc/1; cut -d' ' -f22 /proc/1/stat"
    let before = try await onNodes(boots)
    #expect(try await onNodes("cat /run/site-greeting; cat /etc/site-name") == names { "hello\nhello \($0)" })
    #expect(try await onNodes("cat /run/site-greeting-reloads 2> /dev/null") == names { _ in "" })

    try edit("greeting: { word: hello }", "greeting: { word: welcome }")
    let plan = try await site.plan()
    #expect(plan.count == 3 && plan.contains { $0.id == "node-refresh:all/refresh" }, "\(plan.map(\.id))")
    let began = ContinuousClock.now
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    let took = (ContinuousClock.now - began) / .seconds(1)
    #expect(apply.status == 0, "\(apply.errorText)")
    let told = apply.errorText.firstMatch(of: /refreshed 4 nodes in [0-9.]+ s/).map { String($0.0) }
    print("live: \(told ?? "no refresh is told"); apply took \(took) s")

    let now =
      "cat /run/site-greeting; cat /etc/site-name; cat /run/site-greeting-reloads; stat -c '%a %U' /etc/site-name"
    #expect(try await onNodes(now) == names { "welcome\nwelcome \($0)\nx\n644 root" })
    #expect(try await onNodes(boots) == before, "no node restarts")
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
    #expect(try await onNodes("ls /etc/site-* /etc/ssh | grep -c 'site-.*[.]' ") == names { _ in "0" }, "nothing half")
  }

  /// The heads' key opens nodes from heads only, and to nobody but root there.
  func checkLogin() async throws {
    // What stands behind the program's words is the program's.
    let options = ["exec", "node[001-004]", "--lab", "--yes", "--file", "\(site.folder)/cluster.yaml", "--"]
    let exec = try await site.cluster(options + ["sh", "-c", "echo up; id -un"])
    #expect(exec.status == 0 && exec.text.contains("node[001-004] (4): ended with 0\n  up\n  root"), "\(exec.text)")
    let some = try await site.cluster(options + ["sh", "-c", "[ $(hostname) != node003 ]"])
    #expect(some.status == 4 && some.text.contains("node003: ended with 1"), "\(some.text) \(some.errorText)")
    #expect(some.errorText.contains("it failed on 1 of 4 nodes: node003"), "\(some.errorText)")

    let key = "/var/lib/cluster/node-login-key"
    let user = "setpriv --reuid=nobody --regid=nogroup --clear-groups"
    for head in ["head1", "head2"] {
      let facts = try await site.onHead(head, ["stat", "-c", "%a %U:%G", key]).text
      #expect(facts == "600 root:root\n")
      let read = try await site.onHead(head, ["sh", "-c", "\(user) cat \(key) 2>&1; true"]).text
      #expect(read.contains("Permission denied") && !read.contains("PRIVATE"))
    }
    // Whoever has taken it away from a head is let in from no other machine.
    let stolen = try await site.onHead("head1", ["cat", key]).text
    #expect(stolen.contains("PRIVATE KEY"))
    let path = "/tmp/stolen-key"
    let login =
      "ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i \(path) -T"
    let script = "umask 077; cat > \(path) << 'END'\n\(stolen)END\n\(login) root@10.1.1.2 id 2>&1; rm -f \(path)"
    let said = try await onNodes(script)
    #expect(said.first?.contains("Permission denied") == true && said.first?.contains("uid=0") == false, "\(said)")
  }

  private func names(_ line: (String) -> String) -> [String] {
    ["node001", "node002", "node003", "node004"].map(line)
  }
}
