// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// The repository's own description with a service of the site's own and time servers.
enum OwnService {
  private static let unit = "site-license.service"
  private static let program = "/usr/local/sbin/site-license"

  /// SSH comes in over the first card, so that eth0 is left to the contract.
  static func spec() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
    let text = try String(contentsOf: root.appending(path: "cluster.yaml"), encoding: .utf8)
    let private1 = "      eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 }\n"
    let public1 = "      eth1: { network: public, address: 198.51.100.11, mac: 52:54:00:02:00:01 }\n"
    let own = "services: [dhcp, dns, boot, { name: license, unit: \(unit), check: { tcp: 27000 } }]"
    var edited = text
    for (old, new) in [
      (private1 + public1, public1 + private1), ("node[001-004]", "node[001-002]"),
      ("services: [dhcp, dns, boot]", own),
      ("timezone: Europe/Zurich\n", "timezone: Europe/Zurich\nntp: { servers: [198.51.100.1, 198.51.100.2] }\n"),
    ] {
      try #require(edited.contains(old), "cluster.yaml has no \(old)")
      edited = edited.replacing(old, with: new)
    }
    return edited
  }

  /// As an administrator does it, before the first apply: the second head is made from the first one.
  static func install(on head: String, _ site: UserSite) async throws {
    let script = """
      #!/usr/bin/perl
      use IO::Socket::INET;
      my $server = IO::Socket::INET->new(LocalPort => 27000, Listen => 5, ReuseAddr => 1) or die $!;
      while (my $client = $server->accept) { print $client "license\\n"; close $client }

      """
    let service = "[Unit]\nDescription=License server of the site\n[Service]\nExecStart=\(program)\n"
    for (path, text) in [(program, script), ("/etc/systemd/system/\(unit)", service)] {
      try await Command.checked(
        "ssh", ["-F", site.lab.sshConfig, head, "cat > \(path) && chmod 755 \(path)"], input: Array(text.utf8),
        next: "See what ssh says.")
    }
  }

  /// It runs beside the service address, is watched, started again, and moves with everything else.
  static func isKept(_ site: UserSite) async throws {
    try await runs(on: "head1", site)
    for head in ["head1", "head2"] {
      let sources = try await site.onHead(head, ["chronyc", "-n", "sources"]).text
      #expect(sources.contains("198.51.100.1 ") && sources.contains("198.51.100.2 "), "\(sources)")
    }

    let process = try await mainProcess(on: "head1", site)
    _ = try await site.onHead("head1", ["systemctl", "kill", "--signal=KILL", unit])
    try await site.eventually("Pacemaker has started \(unit) again") {
      let now = try await mainProcess(on: "head1", site)
      return now != process && now != "0" ? try await answers(site) : false
    }
    try await runs(on: "head1", site)

    try site.edit("check: { tcp: 27000 }", "check: { tcp: 27001 }")
    let plan = try await site.cluster(["plan", "--lab"])
    #expect(plan.text.contains("service-license"), "\(plan.text)")
    try site.edit("check: { tcp: 27001 }", "check: { tcp: 27000 }")

    _ = try await site.cluster(["lab", "power", "head1", "off"])
    try await site.eventually("the service answers on the other head") {
      try await mainProcess(on: "head2", site) != "0" ? try await answers(site) : false
    }
    try await site.eventually("head1 is back as standby") {
      let status = try await site.status()
      return status.heads.map(\.role) == ["standby", "active"] && status.ha.armed
    }
    try await runs(on: "head2", site)
    #expect(try await mainProcess(on: "head1", site) == "0")
  }

  private static func runs(on head: String, _ site: UserSite) async throws {
    let service = try #require(try await site.status().services.first { $0.name == "license" })
    #expect(service.head == head && service.state == "running")
    #expect(try await answers(site))
  }

  private static func mainProcess(on head: String, _ site: UserSite) async throws -> String {
    try await site.onHead(head, ["systemctl", "show", "--property=MainPID", "--value", unit]).text
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Seen at the service address from the lab's own namespace: outside of every machine.
  private static func answers(_ site: UserSite) async throws -> Bool {
    let argv = site.lab.inside(["socat", "-u", "TCP:10.1.0.10:27000,connect-timeout=2", "STDOUT"])
    return try await Command.run(argv[0], Array(argv.dropFirst())).text == "license\n"
  }
}
