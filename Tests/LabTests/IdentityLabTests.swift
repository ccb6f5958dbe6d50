// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Nodes with host keys that stay, secrets of their image, and package sets of the site's own, with the programs that
/// `make build` left.
@Suite(.serialized, .timeLimit(.minutes(40)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct IdentityLabTests {
  private static let token = "tok-\(LabSite.randomText(24))"
  private static let changed = "new-\(LabSite.randomText(24))"
  private static let nodes = ["node001", "node002", "node003", "node004"]

  @Test func nodesKeepTheirKeysAndSecretsStayTheirs() async throws {
    let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../cluster.yaml")
    let spec = try String(contentsOf: example, encoding: .utf8).replacing(
      "    files: images/compute\n",
      with: """
            files: images/compute
            secrets:
              /etc/munge.key: { from: secret:generated/munge, permissions: root:shadow 0440 }
              /etc/site/token: { from: secret:nodes/token }

        """)
    let site = try await UserSite.make(spec: spec)
    do {
      try prepare(site)
      let sets = SetsOfTheSite(site: site)
      try sets.turnOn()
      let keys = try await firstApply(site)
      try await ChecksOfTheSite(site: site).check()
      try await sets.check()
      try await sets.checkLive()
      try await sets.checkLogin()
      try await thefts(site)
      try await restarts(site, keys)
      try await newSecret(site)
      try await nothingIsLeft(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// A secret of the site's own, and a way into the nodes for the test.
  private func prepare(_ site: UserSite) throws {
    try write(Self.token, site)
    let key = try String(contentsOfFile: "\(site.lab.identity).pub", encoding: .utf8)
    let folder = "\(site.folder)/images/compute/root/.ssh"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try key.write(toFile: "\(folder)/authorized_keys", atomically: true, encoding: .utf8)
  }

  private func write(_ token: String, _ site: UserSite) throws {
    let folder = "\(site.lab.secretsDirectory)/nodes"
    try FileSystem.makeFolder(folder, mode: 0o700)
    try FileSystem.write(Array("\(token)\n".utf8), to: "\(folder)/token", mode: 0o600)
  }

  private func firstApply(_ site: UserSite) async throws -> [String: String] {
    let plan = try await site.cluster(["plan", "--lab", "--output", "json", "--out", "\(site.folder)/plan.saved"])
    #expect(plan.succeeded && plan.text.contains("ensureNodeIdentities") && !plan.text.contains(Self.token))

    let apply = try await site.cluster(["apply", "--lab", "--yes"])

    try #require(apply.status == 0, "\(apply.errorText)")
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
    var keys: [String: String] = [:]
    for node in Self.nodes {
      let facts = try await run(
        node, "stat -c '%U:%G %a' /etc/munge.key /etc/site/token /etc/ssh/ssh_host_ed25519_key; cat /etc/site/token",
        site)
      #expect(facts.text == "root:shadow 440\nroot:root 600\nroot:root 600\n\(Self.token)", "\(facts.lastLines)")
      let units = try await run(
        node, "systemctl --failed --plain --no-legend; systemctl is-active cluster-identity", site)
      #expect(units.text == "active\n")
      keys[node] = try await hostKey(node, site)
    }
    #expect(Set(keys.values).count == 4)
    let munge = try Data(contentsOf: URL(fileURLWithPath: "\(site.lab.secretsDirectory)/generated/munge"))
    #expect(munge.count == 128)
    let received = try await run("node001", "cat /etc/munge.key", site)
    #expect(Data(received.stdout) == munge)
    return keys
  }

  /// A user on a node, root of another one, a stranger on the boot network, and the heads' own users.
  private func thefts(_ site: UserSite) async throws {
    let url = "http://10.1.0.10/identity"
    let user = "setpriv --reuid=nobody --regid=nogroup --clear-groups"
    for command in [
      "curl -s \(url)", "\(user) curl -s \(url)", "\(user) curl -s --local-port 600-1023 \(url)",
      "\(user) unshare --user --map-root-user curl -s --local-port 600-1023 \(url)",
      "\(user) cat /etc/site/token /etc/munge.key /etc/ssh/ssh_host_ed25519_key /run/cluster-identity*/*",
      "curl -s --local-port 600-1023 http://10.1.0.10/identities/10.1.1.1",
      "curl -s --local-port 600-1023 http://10.1.0.1:8080/identity http://10.1.0.1:8080/images/../identities/10.1.1.1",
    ] {
      for node in ["node001", "node002"] {
        let got = try await run(node, "\(command) 2>&1", site).stdout
        #expect(got.firstRange(of: Array(Self.token.utf8)) == nil, "\(node): \(command)")
        #expect(got.firstRange(of: Array("PRIVATE KEY".utf8)) == nil, "\(node): \(command)")
      }
    }
    // Root of the node may: so the test can fail.
    let own = try await run("node002", "curl -s --local-port 600-1023 \(url) | tar -xO etc/site/token", site)
    #expect(own.text == Self.token, "\(own.lastLines)")
    let stranger = site.lab.inside(["curl", "-s", "-w", "%{http_code}", "--local-port", "600-1023", url])
    #expect(try await Command.run(stranger[0], Array(stranger.dropFirst())).text.hasSuffix("403"))
    for head in ["head1", "head2"] {
      let read = try await site.onHead(
        head, ["sh", "-c", "\(user) cat /srv/cluster/identities/10.1.1.1 /var/lib/cluster/identities.json 2>&1; true"])
      #expect(read.text.components(separatedBy: "Permission denied").count == 3, "\(read.text)")
      // The heads know the nodes: ssh asks nothing, and finds only that it has no key that may log in.
      let known = try await site.onHead(
        head,
        [
          "sh", "-c",
          "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/dev/null node001 true 2>&1; true",
        ])
      #expect(known.text.contains("Permission denied (publickey"), "\(known.text)")
    }
    let squashfs = "unsquashfs -ll /srv/cluster/images/compute/*/root.squashfs"
    let image = try await site.onHead("head1", ["sh", "-c", squashfs])
    #expect(image.text.contains("/etc/hostname") == false && image.text.contains("/etc/motd"))
    #expect(!image.text.contains("munge.key") && !image.text.contains("/site/token"))
    #expect(!image.text.contains("ssh_host_"))
  }

  private func restarts(_ site: UserSite, _ keys: [String: String]) async throws {
    try await restart("node001", site)
    #expect(try await hostKey("node001", site) == keys["node001"], "over a restart")

    let head = try #require(site.lab.machine("head1"))
    try await PowerSwitch(head, of: site.lab).perform(.off)
    try await site.eventually("the other head serves") { try await site.fetch("/boot.ipxe") }
    try await restart("node002", site)
    #expect(try await hostKey("node002", site) == keys["node002"], "from the other head")
    #expect(try await run("node002", "cat /etc/site/token", site).text == Self.token)

    try await PowerSwitch(head, of: site.lab).perform(.on)
    try await site.lab.awaitSSH(of: head)
    try await site.eventually("both heads are back") {
      let status = try await site.status()
      return status.heads.allSatisfy(\.online) && status.addresses.allSatisfy { $0.holder != nil }
    }
  }

  private func restart(_ node: String, _ site: UserSite) async throws {
    let began = "stat -c %Y /proc/1; cat /proc/1/stat | cut -d' ' -f22"
    let before = try await run(node, began, site).text
    #expect(!before.isEmpty)
    try await PowerSwitch(try #require(site.lab.machine(HostID(node))), of: site.lab).perform(.cycle)
    try await site.eventually("\(node) has started again") {
      let now = try await run(node, began, site)
      return now.succeeded && now.text != before
    }
  }

  /// Another value is planned without being shown, and reaches all nodes that run.
  private func newSecret(_ site: UserSite) async throws {
    try write(Self.changed, site)
    let plan = try await site.cluster(["plan", "--lab"])
    #expect(plan.text.contains("secret:nodes/token, redacted: changed for 4 nodes"), "\(plan.text)")
    #expect(!plan.text.contains(Self.changed))

    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(apply.status == 0, "\(apply.errorText)")

    for node in Self.nodes {
      #expect(try await run(node, "cat /etc/site/token", site).text == Self.changed, "at once")
    }
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  /// The secrets' bytes are in no record, no plan, no image, and in no file of a head but what nginx serves.
  private func nothingIsLeft(_ site: UserSite) async throws {
    let script =
      "git -C \(site.folder) rev-list --objects --all | cut -d' ' -f1 | git -C \(site.folder) cat-file --batch"
    let objects = try await Command.run("sh", ["-c", script], deadline: .seconds(120)).stdout
    #expect(objects.count > 100_000)
    let key = try Data(contentsOf: URL(fileURLWithPath: "\(site.lab.secretsDirectory)/nodes/identity-key"))
    let secrets = [Array(Self.token.utf8), Array(Self.changed.utf8), Array(key.prefix(16))]
    for secret in secrets { #expect(objects.firstRange(of: secret) == nil) }
    // The journal and saved plans too.
    let beside = try await Command.run(
      "grep", ["-rlaF", "-e", Self.token, "-e", Self.changed, site.folder], deadline: .seconds(60))
    #expect(beside.text == "" && beside.status == 1)
    for head in ["head1", "head2"] {
      let found = try await site.onHead(
        head,
        [
          "sh", "-c",
          "grep -rlaF -e \(Self.token) -e \(Self.changed) /etc /srv /var /root /home /tmp /run /opt 2> /dev/null; true",
        ])
      let paths = found.text.split(separator: "\n").map(String.init)
      #expect(
        paths.count == 4 && paths.allSatisfy { $0.hasPrefix("/srv/cluster/identities/10.1.1.") }, "\(head): \(paths)")
    }
  }

  private func hostKey(_ node: String, _ site: UserSite) async throws -> String {
    // As ssh sees it, not as a file says.
    let port = try #require(site.lab.machine(HostID(node))?.ports.first)
    let argv = site.lab.inside(["ssh-keyscan", "-t", "ed25519", LabSite.host(port.address)])
    let key = try await Command.run(argv[0], Array(argv.dropFirst()), deadline: .seconds(60)).text
    try #require(key.contains("ssh-ed25519 "), "\(node) shows no key")
    return key
  }

  private func run(_ node: String, _ command: String, _ site: UserSite) async throws -> CommandResult {
    try await Command.run(
      "ssh", ["-F", site.lab.sshConfig, "-o", "ConnectTimeout=5", node, command], deadline: .seconds(90))
  }
}
