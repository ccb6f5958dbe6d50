// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab
@testable import Wings

/// A statically linked agent, which runs on a head as it is.
private let agentProgram = ProcessInfo.processInfo.environment["CLUSTER_AGENT"]

/// What locks us out of a real head, by sshd, by the firewall and by its routes, is undone there by itself; what is
/// confirmed stays.
@Suite(.serialized, .timeLimit(.minutes(15)), .enabled(if: agentProgram != nil && geteuid() == 0))
struct LockedOutTests {
  @Test func whatLocksUsOutIsUndone() async throws {
    try await TestLab.with(nodes: 0) { lab in
      let folder = try #require(mkdtemp(strdup("/tmp/cluster-test-XXXXXX")).map { String(cString: $0) })
      let head = CutOffHead(lab: lab, host: try host(lab, "\(folder)/1"), other: try host(lab, "\(folder)/2"))
      var problem: (any Error)?
      do {
        try await head.host.claim(head.run)
        try await sshd(head)
        try await routes(head)
        try await firewall(head)
        try await ownFirewall(head)
      } catch { problem = error }
      await head.host.close()
      await head.other.close()
      try FileManager.default.removeItem(atPath: folder)
      if let problem { throw problem }
    }
  }

  private func host(_ lab: TestLab, _ folder: String) throws -> SSHHost {
    SSHHost(
      id: "head1", target: "head1", hostName: nil, user: lab.site.user, configuration: lab.site.sshConfig,
      agent: try #require(agentProgram), catalog: .all, runDirectory: folder)
  }

  // MARK: sshd

  private static let sshd = "/etc/ssh/sshd_config.d/50-test.conf"

  private static func sshdSays(_ text: String) -> FileGoal { FileGoal(path: sshd, contents: .text(text), mode: 0o644) }

  private static let loadSSHD = EnsureUnit(
    UnitGoal(name: "ssh.service", enabled: true, active: true, configuration: ["/etc/ssh"], reload: .reload))

  private func sshd(_ head: CutOffHead) async throws {
    try await head.perform(EnsureFile(Self.sshdSays("MaxSessions 40\n")))
    let good = try #require(try await head.perform(Self.loadSSHD).pending)
    #expect(good.secondsLeft <= head.run.confirmSeconds)
    try await head.looking(leaves: good)
    #expect(try await head.host.confirm(good.id, run: head.run).changed)
    #expect(try await head.timers() == "", "nothing is left that would undo it")
    try await head.keepsAnswering()
    #expect(try await head.text(Self.sshd) == "MaxSessions 40\n")

    try await head.perform(EnsureFile(Self.sshdSays("AllowUsers nobody\n")))
    let bad = try #require(try await head.perform(Self.loadSSHD, as: head.hasty).pending)
    let refused = await #expect(throws: AgentError.self) { try await head.host.confirm(bad.id, run: head.run) }
    #expect(refused?.code == .authentication, "locked out: \(String(describing: refused))")
    try await head.comesBack(bad)
    #expect(try await head.text(Self.sshd) == "MaxSessions 40\n")
    try await head.keepsAnswering()
  }

  // MARK: routes

  private static let network = "/etc/systemd/network/60-eth1.network"

  private static func networkSays(_ address: String, _ gateway: String? = nil) -> FileGoal {
    let text = """
      [Match]
      Name=eth1
      [Network]
      Address=\(address)/24
      LinkLocalAddressing=no
      IPv6AcceptRA=no
      \(gateway.map { "Gateway=\($0)" } ?? "")

      """
    return FileGoal(path: network, contents: .text(text), mode: 0o644)
  }

  private static func link(_ address: String, _ gateway: String? = nil) throws -> EnsureLink {
    EnsureLink(
      LinkGoal(
        interface: "eth1", address: try #require(IPv4Address(address)), prefix: 24,
        gateway: gateway.flatMap { IPv4Address($0) }))
  }

  private func routes(_ head: CutOffHead) async throws {
    let gateway = "198.51.100.1"
    try await head.perform(EnsureFile(Self.networkSays("198.51.100.11", gateway)))
    let good = try #require(try await head.perform(try Self.link("198.51.100.11", gateway)).pending)
    _ = try await head.host.confirm(good.id, run: head.run)
    try await head.says(["ip", "-4", "route", "show", "default"], { $0.contains("via 198.51.100.1 dev eth1") })
    // By hand, of two ways: in no file that a daemon would put them back from.
    for route in [
      [
        "198.18.0.0/15", "proto", "static", "metric", "50", "mtu", "1400", "nexthop", "via", "198.51.100.1", "dev",
        "eth1", "weight", "3", "nexthop", "via", "10.1.255.0", "dev", "eth0",
      ],
      ["203.0.113.0/24", "via", "198.51.100.1", "dev", "eth1", "proto", "static"],
    ] { _ = try await head.ssh(["ip", "route", "add"] + route) }
    let before = try await head.ssh(["ip", "-4", "route", "show"])
    #expect(before.contains("nexthop via 198.51.100.1 dev eth1 weight 3"), "\(before)")

    try await head.perform(EnsureFile(Self.networkSays("198.51.100.12")))
    let bad = try #require(try await head.perform(try Self.link("198.51.100.12"), as: head.hasty).pending)
    try await head.says(["ip", "-4", "route", "show", "default"], \.isEmpty)
    _ = try await head.ssh(["ip", "route", "del", "198.18.0.0/15"], mayFail: true)
    _ = try await head.ssh(["ip", "route", "replace", "203.0.113.0/24", "via", "198.51.100.9", "dev", "eth1"])
    try await head.comesBack(bad)

    let after = try await head.ssh(["ip", "-4", "route", "show"])
    #expect(after == before, "before:\n\(before)after:\n\(after)")
    #expect(try await head.text(Self.network).contains("Gateway=198.51.100.1"))
  }

  // MARK: firewall

  private static let rules = "/etc/nftables.conf"

  private static func rulesSay(_ verdict: String) -> FileGoal {
    let text = """
      #!/usr/sbin/nft -f
      flush ruleset
      table inet test {
        chain input {
          type filter hook input priority 0; policy accept;
          tcp dport 22 \(verdict)
        }
      }

      """
    return FileGoal(path: rules, contents: .text(text), mode: 0o755)
  }

  private static let loadRules = EnsureUnit(
    UnitGoal(name: "nftables.service", enabled: true, active: true, configuration: [rules], reload: .reload))

  private func firewall(_ head: CutOffHead) async throws {
    let proxy = "Acquire::http::Proxy \"http://198.51.100.1:3142\";\n"
    try await head.perform(EnsureFile(FileGoal(path: "/etc/apt/apt.conf.d/90cluster", contents: .text(proxy))))
    try await head.perform(EnsurePackages(["nftables"]))
    try await head.perform(EnsureFile(Self.rulesSay("accept")))
    let good = try #require(try await head.perform(Self.loadRules).pending)
    #expect(try await head.host.confirm(good.id, run: head.run).changed)
    #expect(try await head.timers() == "")
    let before = try await head.ssh(["nft", "list", "ruleset"])
    #expect(before.contains("tcp dport 22 accept"))

    try await head.perform(EnsureFile(Self.rulesSay("drop")))
    // Its answer is dropped too, until the rules are back.
    let bad = try PendingChange.ID(run: head.run.run, operation: AnyOperation(Self.loadRules))
    do throws(AgentError) {
      _ = try await head.perform(Self.loadRules, as: head.hasty)
    } catch {
      #expect(error.code == .connectionLost, "\(error)")
    }
    try await head.comesBack(bad)

    #expect(try await head.ssh(["nft", "list", "ruleset"]) == before)
    #expect(try await head.text(Self.rules).contains("accept\n"))
    #expect(try await head.ssh(["systemctl", "is-enabled", "nftables.service"]) == "enabled\n")
  }

  // MARK: our own firewall

  /// Rules that forget sshd's port: when there were none before, and when there were good ones.
  /// What was undone in one round of a run is refused there, so each of the three is a round of its own.
  private func ownFirewall(_ first: CutOffHead) async throws {
    var head = first
    let (rules, unitFile, load) = try Self.ownRules()
    var bad = rules
    guard case .text(let text) = rules.contents else { return }
    bad.contents = .text(text.replacing("tcp dport 22 accept", with: "tcp dport 2222 accept"))
    let before = try await head.ssh(["nft", "list", "ruleset"])
    let state = ["systemctl", "show", "--property=ActiveState,UnitFileState", Firewall.unit]
    for good in [nil, rules] {
      if let good {
        for file in [good, unitFile] { try await head.perform(EnsureFile(file)) }
        let loaded = try #require(try await head.perform(load).pending)
        #expect(try await head.host.confirm(loaded.id, run: head.run).changed)
        #expect(
          try await head.host.answer(UnitProbe(Firewall.unit, configuration: load.goal.configuration)).configuration
            == .loaded)
      }
      let earlier = try await head.ssh(["nft", "list", "ruleset"])
      #expect(earlier.contains("dport 22 accept comment \"ssh\"") == (good != nil), "\(earlier)")

      for file in [bad, unitFile] { try await head.perform(EnsureFile(file)) }
      let pending = try #require(try await head.perform(load, as: head.hasty).pending)
      #expect(try await head.lab.ssh("head1", "hostname").succeeded == false, "nobody gets in")
      try await head.comesBack(pending)

      #expect(try await head.ssh(["nft", "list", "ruleset"]) == earlier)
      #expect(try await head.ssh(state).contains("ActiveState=\(good == nil ? "inactive" : "active")"))
      #expect(try await head.ssh(["cat", Firewall.file], mayFail: true) == (good == nil ? "" : text))
      if good == nil {
        let again = await #expect(throws: AgentError.self) { try await head.perform(load) }
        #expect(again?.code == .rolledBack, "\(String(describing: again))")
      }
      head.run = head.run.next
      try await head.host.claim(head.run)
    }
    // nft's own check refuses what it cannot read, before anything is loaded.
    bad.contents = .text(text.replacing("policy drop", with: "policy dorp"))
    try await head.perform(EnsureFile(bad))
    let refused = await #expect(throws: AgentError.self) { try await head.perform(load) }
    #expect(refused?.message.contains("would not take its new configuration") == true, "\(String(describing: refused))")
    #expect(try await head.text(Firewall.file) == text, "what was there before is back")

    let stop = UnitGoal(name: Firewall.unit, enabled: false, active: false)
    let stopped = try #require(try await head.perform(EnsureUnit(stop)).pending)
    _ = try await head.host.confirm(stopped.id, run: head.run)
    for path in [Firewall.file, Firewall.unitFile] { try await head.perform(EnsureFileAbsent(path: path)) }
    #expect(try await head.ssh(["nft", "list", "ruleset"]) == before)
  }

  private static func ownRules() throws -> (rules: FileGoal, unitFile: FileGoal, load: EnsureUnit) {
    var cluster = try ExampleCluster.make(nodes: 0)
    cluster.settings["firewall"] = Setting(FirewallPolicy(), source: cluster.source)
    let wanted = Firewall.resources(cluster, SiteFiles(), Publications(cluster, SiteFiles())).filter {
      $0.id.host == "head1"
    }
    let files = wanted.compactMap { ($0.desired as? FileKind.Desired)?.file }
    let units = wanted.compactMap { ($0.desired as? FirewallKind.Desired)?.unit.unit }
    return (
      try #require(files.first { $0.path == Firewall.file }),
      try #require(files.first { $0.path == Firewall.unitFile }),
      EnsureUnit(try #require(units.first))
    )
  }
}

/// A head, and ways to look at it from outside of its agent.
private struct CutOffHead {
  let lab: TestLab
  /// The run's own connection.
  let host: SSHHost
  /// Another user's.
  let other: SSHHost
  var run = RunToken(run: "locked-out", generation: 1, holder: "test", leaseSeconds: 300, confirmSeconds: 60)
  /// For each change that locks us out, which is waited for; time enough to see on a busy machine that it does.
  var hasty: RunToken {
    var token = run
    token.confirmSeconds = 15
    return token
  }

  @discardableResult
  func perform(
    _ operation: some HostOperation, as token: RunToken? = nil
  ) async throws(AgentError) -> Outcome {
    try await host.perform(AnyOperation(operation), secrets: Secrets(), run: token ?? run) { _ in }
  }

  func ssh(_ command: [String], mayFail: Bool = false) async throws -> String {
    let result = try await lab.ssh("head1", command.joined(separator: " "))
    if !mayFail { try #require(result.succeeded, "\(command): \(result.errorText)") }
    return result.text
  }

  func text(_ path: String) async throws -> String { try await ssh(["cat", path]) }

  /// The timers that would undo something.
  func timers() async throws -> String {
    try await ssh(["systemctl", "list-units", "--no-legend", "--plain", "cluster-undo-*.timer"])
  }

  /// Everything that a dry run asks, by somebody else, changes nothing about what waits.
  func looking(leaves change: PendingChange) async throws {
    let kept = try await text("/var/lib/cluster/deadman/change.json")
    let probes = [
      AnyProbe(SystemProbe()), AnyProbe(LinksProbe()),
      AnyProbe(UnitProbe("ssh.service", configuration: ["/etc/ssh"])),
      AnyProbe(FileProbe("/etc/ssh/sshd_config.d/50-test.conf")), AnyProbe(PackagesProbe(["openssh-server"])),
    ]
    let answers = try await other.answer(probes, secrets: Secrets())
    #expect(answers.count == probes.count)
    #expect(try await other.lease().pending?.id == change.id)
    #expect(try await text("/var/lib/cluster/deadman/change.json") == kept)
    #expect(try await timers().contains("cluster-undo-\(change.id)"))
  }

  /// A new connection is let in.
  func keepsAnswering() async throws { #expect(try await ssh(["hostname"]) == "head1\n") }

  func comesBack(_ change: PendingChange) async throws { try await comesBack(change.id) }

  /// By itself, and soon after its time; who asks over a new connection then hears that it was undone.
  func comesBack(_ id: PendingChange.ID) async throws {
    try await Poll.until(.seconds(60), every: .milliseconds(300), "the head has undone \(id)") {
      () async throws(AgentError) in
      // Not by confirming it: where there is another way in, that would succeed.
      do throws(AgentError) { return try await other.lease().pending == nil } catch { return false }
    }
    let undone = await #expect(throws: AgentError.self) { try await host.confirm(id, run: run) }
    #expect(undone?.code == .rolledBack, "\(String(describing: undone))")
    #expect(undone?.cause == nil, "all of it was put back: \(String(describing: undone))")
    #expect(try await timers() == "")
  }

  func says(_ command: [String], _ fits: (String) -> Bool) async throws {
    var last = ""
    for _ in 0..<50 {
      last = try await ssh(command)
      if fits(last) { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("\(command): \(last)")
  }
}
