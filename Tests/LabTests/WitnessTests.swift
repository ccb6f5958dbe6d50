// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Two heads whose witness is a node, in a lab with the real corosync-qdevice and corosync-qnetd, which speak TLS.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct WitnessTests {
  private static let heads = ["head1", "head2"]

  /// The example with one node, which is the witness.
  private static func spec() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
    let text = try String(contentsOf: root.appending(path: "cluster.yaml"), encoding: .utf8)
    let nodes = "node[001-004]", ha = "  fencing: { via: bmc }\n"
    try #require(text.contains(nodes) && text.contains(ha))
    return text.replacing(nodes, with: "node001").replacing(ha, with: ha + "  witness: { host: node001 }\n")
  }

  @Test func theWitnessJudgesBetweenHeadsThatLive() async throws {
    let site = try await UserSite.make(spec: try Self.spec())
    do {
      try allowLogin(site)
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      try #require(apply.status == 0, "\(apply.errorText)")
      try await votes(site)
      try await strangers(site)
      try await silent(site)
      try await split(site)
      try await power(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// A way into the node for the test.
  private func allowLogin(_ site: UserSite) throws {
    let key = try String(contentsOfFile: "\(site.lab.identity).pub", encoding: .utf8)
    let folder = "\(site.folder)/images/compute/root/.ssh"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try key.write(toFile: "\(folder)/authorized_keys", atomically: true, encoding: .utf8)
  }

  private func votes(_ site: UserSite) async throws {
    try await site.eventually("the witness votes") { try await condition(site)?.ok == true }
    #expect(try await condition(site)?.detail == "node001, 10.1.1.1: votes")
    try await site.eventually("high availability is armed") { try await site.status().ha.armed }
    for head in Self.heads {
      let quorum = try await site.onHead(head, ["corosync-quorumtool", "-s"]).text
      #expect(quorum.contains("Quorate Qdevice") && !quorum.contains("2Node"), "\(quorum)")
      #expect(quorum.contains("Total votes:      3"), "\(quorum)")
      let tls = try await site.onHead(head, ["corosync-qdevice-tool", "-sv"]).text
      #expect(tls.contains("TLS active:\t\tYes (client certificate sent)"), "\(tls)")
    }
    // An image holds no key, and nothing but the node's identity has this one.
    let keys = try await run("ls -A /etc/corosync/qnetd; stat -c '%U %a %s' /etc/corosync/witness.key", site)
    #expect(keys.text == "root 400 32\n", "\(keys.text)")
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  /// A head with another key gets no vote, and `apply` mends it.
  private func strangers(_ site: UserSite) async throws {
    let other = "head -c 32 /dev/urandom > /etc/corosync/witness.key && systemctl restart corosync-qdevice"
    _ = try await site.onHead("head2", ["sh", "-c", other])
    try await site.eventually("a stranger gets no vote") { try await condition(site)?.ok == false }
    #expect(try await condition(site)?.detail.contains("does not answer head2") == true)
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(apply.status == 0, "\(apply.errorText)")
    try await site.eventually("the witness votes again") { try await condition(site)?.ok == true }
  }

  /// A lost witness is told, and moves nothing.
  private func silent(_ site: UserSite) async throws {
    let before = try await holders(site)
    let boots = try Self.heads.map { try self.boots(of: $0, site) }
    _ = try await run("systemctl stop cluster-witness.path corosync-qnetd", site)
    try await site.eventually("the loss is told") { try await condition(site)?.ok == false }
    let status = try await site.status()
    #expect(!status.ha.armed && status.services.allSatisfy { $0.state == "running" })
    #expect(status.ha.conditions.first { $0.name == "quorate" }?.ok == true)
    #expect(try await holders(site) == before)
    #expect(try Self.heads.map { try self.boots(of: $0, site) } == boots)
    #expect(try await site.fetch("/boot.ipxe"))
    _ = try await run("systemctl start cluster-witness.path", site)
    try await site.eventually("the witness votes again") { try await condition(site)?.ok == true }
  }

  /// Heads that do not hear each other on any network, and that nodes and the witness hear: the one that serves stays,
  /// although the other one's number is lower.
  private func split(_ site: UserSite) async throws {
    let moved = try await site.cluster(["ha", "switchover", "--lab", "--yes"])
    #expect(moved.status == 0, "\(moved.errorText)")
    #expect(try await holders(site) == ["head2"])
    try await site.eventually("high availability is armed") { try await site.status().ha.armed }
    let before = try boots(of: "head1", site), own = try boots(of: "head2", site)
    let start = ContinuousClock.now
    try await isolate(true, site)
    try await site.eventually("head1 is fenced") {
      let now = try await holders(site)
      #expect(now.count <= 1, "the service address is on \(now)")
      try await isolate(true, site)
      return try boots(of: "head1", site) > before
    }
    print("cut between the heads: head1 was fenced after \((ContinuousClock.now - start) / .seconds(1)) s")
    #expect(try await holders(site) == ["head2"])
    #expect(try boots(of: "head2", site) == own)
    #expect(try await claims(on: "head1", site) == 0, "with quorum nobody claims")
    // It comes back to a cluster that it cannot hear, and leaves it alone: for longer than its start takes.
    let end = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < end {
      try await isolate(true, site)
      #expect(try await holders(site) == ["head2"])
      #expect(try await site.fetch("/boot.ipxe"))
      try await Poll.pause(.milliseconds(500))
    }
    #expect(try boots(of: "head2", site) == own)
    let alone = try await site.onHead("head1", ["sh", "-c", "corosync-quorumtool -s; true"]).text
    #expect(alone.contains("Quorate:          No"), "\(alone)")
    try await isolate(false, site)
    try await site.eventually("both heads are in the cluster") { try await site.status().ha.armed }
  }

  private func power(_ site: UserSite) async throws {
    let start = ContinuousClock.now
    try await PowerSwitch(try #require(site.lab.machine("head2")), of: site.lab).perform(.off)
    try await site.eventually("head1 serves") {
      let serves = try await site.fetch("/boot.ipxe")
      return serves && ContinuousClock.now - start > .seconds(1)
    }
    let away = (ContinuousClock.now - start) / .seconds(1)
    print("power of the active head lost: answered again after \(away) s")
    #expect(away < 20)
    try await site.eventually("both heads are in the cluster") { try await site.status().ha.armed }
  }

  // MARK: Looking

  private func condition(_ site: UserSite) async throws -> UserSite.Status.Condition? {
    try await site.status().ha.conditions.first { $0.name == "witness" }
  }

  private func holders(_ site: UserSite) async throws -> [String] {
    var found: [String] = []
    for head in Self.heads {
      let addresses = try await Command.run(
        "ssh", ["-F", site.lab.sshConfig, "-o", "ConnectTimeout=2", head, "ip -oneline -4 address"])
      if addresses.text.contains(" 10.1.0.10/") { found.append(head) }
    }
    return found
  }

  private func boots(of head: String, _ site: UserSite) throws -> Int {
    let console = LabFiles.text(site.lab.console(of: try #require(site.lab.machine(.init(head))))) ?? ""
    return console.components(separatedBy: "booting from disk").count
  }

  /// Entries in the event log of a head's BMC: IPMI 2.0, 31.2.
  private func claims(on head: String, _ site: UserSite) async throws -> Int? {
    let bmc = try #require(site.lab.machine(.init(head))?.bmc)
    let password = LabFiles.text("\(site.lab.secretsDirectory)/\(bmc.password.name)") ?? ""
    let argv = site.lab.inside(
      ["ipmitool", "-I", "lanplus", "-C", "3", "-H", "\(bmc.address)", "-U", bmc.user, "-E", "raw", "0x0a", "0x40"])
    let info = try await Command.run(
      argv[0], Array(argv.dropFirst()), environment: ["IPMI_PASSWORD": password], deadline: .seconds(30))
    let bytes = info.text.split(separator: " ")
    return bytes.count > 3 ? Int("\(bytes[2])\(bytes[1])", radix: 16) : nil
  }

  /// Isolated ports of a bridge reach all others but each other: bridge(8).
  private func isolate(_ isolated: Bool, _ site: UserSite) async throws {
    for head in Self.heads {
      for port in try #require(site.lab.machine(.init(head))).ports {
        // A machine that is off has no port, and gets a new one.
        _ = try await Command.run(
          "bridge",
          ["-n", site.lab.namespace, "link", "set", "dev", port.peer, "isolated", isolated ? "on" : "off"])
      }
    }
  }

  private func run(_ command: String, _ site: UserSite) async throws -> CommandResult {
    try await Command.run(
      "ssh", ["-F", site.lab.sshConfig, "-o", "ConnectTimeout=5", "node001", command], deadline: .seconds(90))
  }
}
