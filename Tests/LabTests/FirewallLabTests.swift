// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Two real heads with `firewall:`: all that the cluster needs goes on, and nothing else is let in.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct FirewallLabTests {
  private static let table = ["nft", "list", "table", "inet", "cluster"]

  @Test func onlyWhatIsNeededIsReached() async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
    let example = try String(contentsOf: root.appending(path: "cluster.yaml"), encoding: .utf8)
    let spec = example.replacing("node[001-004]", with: "node[001-002]").replacing(
      "timezone: Europe/Zurich\n",
      with: "timezone: Europe/Zurich\nntp: { servers: [198.51.100.1] }\nfirewall: {}\n")
    try #require(spec.contains("firewall: {}"))
    try await UserSite.go(
      through: [
        ("from nothing", fromNothing), ("opened", opened), ("by hand", byHand), ("switchover", switchover),
        ("failover", failover), ("dropped", dropped),
      ], of: "firewall", spec: spec)
  }

  /// The second head is installed, images travel, nodes boot and report, fencing is proven: all through the rules.
  private func fromNothing(_ site: UserSite) async throws {
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    try #require(apply.status == 0, "\(apply.errorText)")
    let status = try await site.status()
    #expect(status.ha.armed && status.nodes.allSatisfy { $0.state == "ready" })
    for head in ["head1", "head2"] {
      #expect(try await site.onHead(head, Self.table).text.contains("policy drop"))
      let ports = try await site.onHead(head, ["ss", "-Hlun"]).text
      #expect(ports.contains(":5405 ") && ports.contains(":5406 "), "knet's ports: \(ports)")
    }
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  private func opened(_ site: UserSite) async throws {
    let listener = """
      use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 8090, Listen => 5, ReuseAddr => 1) or die; \
      while (my $c = $s->accept) { print $c "hello"; close $c }
      """
    for head in ["head1", "head2"] {
      _ = try await site.onHead(head, ["systemd-run", "--quiet", "--unit=page", "perl", "-e", listener])
    }
    try await site.eventually("somebody listens") {
      try await site.onHead("head1", ["ss", "-Hltn"]).text.contains(":8090 ")
    }
    #expect(try await answer(site, "198.51.100.11") == "")
    // It waits for nodes too, and they do not reach it either.
    #expect(try await answer(site, "10.1.0.1") == "")

    try site.edit("firewall: {}", "firewall: { open: [{ tcp: 8090, from: public }] }")
    let apply = try await site.cluster(["apply", "--lab", "--yes"])

    #expect(apply.status == 0, "\(apply.errorText)")
    #expect(try await answer(site, "198.51.100.11") == "hello")
    #expect(try await answer(site, "198.51.100.12") == "hello")
    #expect(try await answer(site, "10.1.0.1") == "")
  }

  /// What a machine beside the heads hears at port 8090.
  private func answer(_ site: UserSite, _ address: String) async throws -> String {
    let argv = site.lab.inside(["socat", "-u", "TCP:\(address):8090,connect-timeout=2", "STDOUT"])
    return try await Command.run(argv[0], Array(argv.dropFirst())).text
  }

  /// A rule more, no rule at all, and the rules of others, which are theirs.
  private func byHand(_ site: UserSite) async throws {
    _ = try await site.onHead("head1", ["nft", "add", "table", "inet", "others"])
    _ = try await site.onHead(
      "head1", ["nft", "insert", "rule", "inet", "cluster", "input", "tcp", "dport", "111", "accept"])
    _ = try await site.onHead("head2", ["nft", "delete", "table", "inet", "cluster"])

    let plan = try await site.plan()
    #expect(plan.map(\.id).sorted() == ["firewall@head1:rules/reload", "firewall@head2:rules/reload"])
    let apply = try await site.cluster(["apply", "--lab", "--yes"])

    #expect(apply.status == 0, "\(apply.errorText)")
    #expect(try await !site.onHead("head1", Self.table).text.contains("dport 111"))
    #expect(try await site.onHead("head2", Self.table).text.contains("policy drop"))
    #expect(try await site.onHead("head1", ["nft", "list", "tables"]).text.contains("inet others"))

    // It flushes everybody's rules, and ours come back by themselves.
    for verb in ["start", "reload", "restart", "stop"] {
      _ = try await site.onHead("head1", ["systemctl", verb, "nftables.service"])
      #expect(try await site.onHead("head1", Self.table).text.contains("policy drop"), "\(verb)")
    }
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  private func switchover(_ site: UserSite) async throws {
    let move = try await site.cluster(["ha", "switchover", "--lab", "--yes"])

    #expect(move.status == 0, "\(move.errorText)")
    #expect(try await site.status().addresses.map(\.holder) == ["head2", "head2"])
    let cycle = try await site.cluster(["power", "cycle", "node001", "--lab", "--yes"])
    #expect(cycle.status == 0, "\(cycle.errorText)")
    try await site.eventually("a node boots from the other head") {
      try await site.status().nodes.allSatisfy { $0.state == "ready" }
    }
  }

  /// The head that comes back has its rules before anybody looks.
  private func failover(_ site: UserSite) async throws {
    _ = try await site.cluster(["lab", "power", "head2", "off"])
    try await site.eventually("the other head serves") { try await site.fetch("/boot.ipxe") }
    try await site.eventually("both heads are there again") {
      let status = try await site.status()
      return status.heads.map(\.role) == ["active", "standby"] && status.ha.armed
    }
    #expect(try await site.onHead("head2", Self.table).text.contains("policy drop"))
    let plan = try await site.cluster(["plan", "--lab", "--detailed-exitcode"])
    #expect(plan.status == 0, "\(plan.text)")
  }

  private func dropped(_ site: UserSite) async throws {
    try site.edit("firewall: { open: [{ tcp: 8090, from: public }] }\n", "")
    let apply = try await site.cluster(["apply", "--lab", "--yes"])

    #expect(apply.status == 0, "\(apply.errorText)")
    for head in ["head1", "head2"] {
      let left = try await site.onHead(
        head, ["find", "/etc/cluster", "/etc/systemd/system", "-name", "*firewall*"])
      #expect(left.text == "", "\(left.text)")
    }
    #expect(try await answer(site, "10.1.0.1") == "hello")
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }
}
