// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import TestKit
import Testing
import Wings

@testable import Lab

/// A statically linked agent, which runs on a head as it is.
private let agentProgram = ProcessInfo.processInfo.environment["CLUSTER_AGENT"]

/// The real agent, over real SSH, on a real Debian head. `CLUSTER_AGENT` names a statically linked agent.
@Suite(.serialized, .timeLimit(.minutes(15)), .enabled(if: agentProgram != nil && geteuid() == 0))
struct AgentOnHeadTests {
  private static let run = RunToken(run: "test-1", generation: 1, holder: "test", leaseSeconds: 60)

  @Test func probesAndOperationsAgree() async throws {
    try await TestLab.with(nodes: 0) { lab in
      let folder = try #require(mkdtemp(strdup("/tmp/cluster-test-XXXXXX")).map { String(cString: $0) })
      let first = try host(lab, "\(folder)/1")
      let second = try host(lab, "\(folder)/2")
      do {
        try await exclusion(first, second)
        try await files(first)
        try await network(first)
        try await packagesAndUnits(first)
        try await sockets(first, lab)
      } catch {
        await first.close()
        await second.close()
        throw error
      }
      await first.close()
      await second.close()
      try? FileManager.default.removeItem(atPath: folder)
    }
  }

  private func host(_ lab: TestLab, _ folder: String) throws -> SSHHost {
    SSHHost(
      id: "head1", target: "head1", hostName: nil, user: lab.site.user, configuration: lab.site.sshConfig,
      agent: try #require(agentProgram), catalog: .all, runDirectory: folder)
  }

  @discardableResult
  private func perform(_ host: SSHHost, _ operation: some HostOperation) async throws -> Outcome {
    let outcome = try await host.perform(AnyOperation(operation), secrets: Secrets(), run: Self.run) { _ in }
    guard let pending = outcome.pending else { return outcome }
    return try await host.confirm(pending.id, run: Self.run)
  }

  private func refuses(_ code: AgentError.Code, _ body: () async throws -> Void) async throws {
    let error = await #expect(throws: AgentError.self) { try await body() }
    #expect(error?.code == code)
  }

  private func exclusion(_ first: SSHHost, _ second: SSHHost) async throws {
    let other = RunToken(run: "test-2", generation: 2, holder: "other", leaseSeconds: 60)
    try await refuses(.leaseHeld) { try await perform(first, EnsureHostname("head1")) }
    try await first.claim(Self.run)
    #expect(try await second.lease().holder == Self.run)
    try await refuses(.leaseHeld) { try await second.claim(other) }
  }

  private func files(_ host: SSHHost) async throws {
    let system = try await host.answer(SystemProbe())
    #expect(system.hostname == "head1")
    #expect(system.uptimeSeconds < 600)
    #expect(try await !perform(host, EnsureHostname("head1")).changed)
    let path = "/etc/hosts"
    let before = try await host.answer(FileProbe(path))
    let goal = FileGoal(path: path, contents: .text("127.0.0.1 localhost head1\n"), mode: 0o640)
    #expect(try await perform(host, EnsureFile(goal)).changed)
    #expect(try await !perform(host, EnsureFile(goal)).changed)
    guard case .file(let facts) = try await host.answer(FileProbe(path)) else {
      Issue.record("\(path) is not a file")
      return
    }
    #expect(facts.contents == "127.0.0.1 localhost head1\n" && facts.mode == 0o640 && facts.managed)
    #expect(try await perform(host, EnsureFileAbsent(path: path)).changed)
    #expect(try await host.answer(FileProbe(path)) == before)
    let tree = TreeGoal(root: "/srv/cluster/test", files: ["a": .init(.text("a")), "b/c": .init(.text("c"))])
    #expect(try await perform(host, EnsureTree(tree)).changed)
    #expect(try await !perform(host, EnsureTree(tree)).changed)
    let less = TreeGoal(root: "/srv/cluster/test", files: ["b/c": .init(.text("c"))])
    #expect(try await perform(host, EnsureTree(less)).changed)
    #expect(
      try await host.answer(TreeProbe("/srv/cluster/test"))
        == TreeState(exists: true, files: ["b/c": SHA256.hex("c")]))
    try await refuses(.invalid) { try await perform(host, EnsureTree(TreeGoal(root: "/etc", files: [:]))) }
  }

  private func network(_ host: SSHHost) async throws {
    let text = """
      [Match]
      Name=eth1
      [Network]
      Address=198.51.100.11/24
      Gateway=198.51.100.1
      LinkLocalAddressing=no
      IPv6AcceptRA=no

      """
    try await perform(host, EnsureFile(FileGoal(path: "/etc/systemd/network/60-eth1.network", contents: .text(text))))
    let goal = LinkGoal(
      interface: "eth1", address: try #require(IPv4Address("198.51.100.11")), prefix: 24,
      gateway: IPv4Address("198.51.100.1"))
    #expect(try await perform(host, EnsureLink(goal)).changed)
    #expect(try await !perform(host, EnsureLink(goal)).changed)
    let service = try #require(IPv4Address("198.51.100.10"))
    #expect(try await perform(host, EnsureAddress(interface: "eth1", address: .v4(service), prefix: 24)).changed)
    let links = try await host.answer(LinksProbe())
    #expect(links.first { $0.name == "eth1" }?.addresses.sorted() == ["198.51.100.10/24", "198.51.100.11/24"])
  }

  /// A socket takes another file up also while its service runs, which systemd alone refuses.
  private func sockets(_ host: SSHHost, _ lab: TestLab) async throws {
    let service = "[Service]\nExecStart=/bin/sleep infinity\n"
    let socket = "/etc/systemd/system/site.socket"
    func listen(_ port: Int) async throws -> Outcome {
      let text = "[Socket]\nListenStream=127.0.0.1:\(port)\n[Install]\nWantedBy=sockets.target\n"
      try await perform(host, EnsureFile(FileGoal(path: socket, contents: .text(text))))
      let goal = UnitGoal(name: "site.socket", enabled: true, active: true, configuration: [socket], reload: .restart)
      return try await perform(host, EnsureUnit(goal))
    }
    try await perform(
      host, EnsureFile(FileGoal(path: "/etc/systemd/system/site.service", contents: .text(service))))
    #expect(try await listen(4711).changed)
    #expect(try await lab.ssh("head1", "systemctl start site.service && systemctl is-active site.service").succeeded)
    #expect(try await listen(4712).detail == "restarted")
    #expect(try await lab.ssh("head1", "ss -Hltn").text.contains("127.0.0.1:4712"))
  }

  private func packagesAndUnits(_ host: SSHHost) async throws {
    let proxy = "Acquire::http::Proxy \"http://198.51.100.1:3142\";\n"
    try await perform(host, EnsureFile(FileGoal(path: "/etc/apt/apt.conf.d/90cluster", contents: .text(proxy))))
    #expect(try await perform(host, EnsurePackages(["nginx-light"])).changed)
    #expect(try await !perform(host, EnsurePackages(["nginx-light"])).changed)
    try await refuses(.notFound) { try await perform(host, EnsurePackages(["no-such-package"])) }
    #expect(try await host.answer(FileProbe("/usr/sbin/policy-rc.d", contents: false)) == .absent)
    // busybox and busybox-static conflict: the one that is there stays.
    try await perform(host, EnsurePackages(["busybox-static"]))
    try await refuses(.conflict) { try await perform(host, EnsurePackages(["busybox"])) }
    #expect(try await host.answer(PackagesProbe(["busybox", "busybox-static"])).keys.sorted() == ["busybox-static"])
    let probe = UnitProbe("nginx.service", configuration: ["/etc/nginx"])
    let unit = UnitGoal(
      name: "nginx.service", enabled: false, active: true, configuration: ["/etc/nginx"], reload: .reload)
    #expect(try await host.answer(probe).active == "inactive")
    #expect(try await perform(host, EnsureUnit(unit)).detail == "disabled, started")
    #expect(try await host.answer(probe).configuration == .loaded)
    let file = FileGoal(path: "/etc/nginx/conf.d/test.conf", contents: .text("server { listen 8080; }\n"))
    try await perform(host, EnsureFile(file))
    #expect(try await host.answer(probe).configuration == .stale)
    #expect(try await perform(host, EnsureUnit(unit)).detail == "reloaded")
    #expect(try await host.answer(probe).configuration == .loaded)
    #expect(try await !perform(host, EnsureUnit(unit)).changed)
    try await rewritten(host, file, probe)
    try await broken(host, file, unit)
    try await perform(host, EnsureUnit(UnitGoal(name: "nginx.service", enabled: nil, active: false)))
    #expect(try await perform(host, EnsurePackagesAbsent(["nginx-light", "bash"])).changed)
    #expect(try await host.answer(PackagesProbe(["nginx-light"])) == [:])
  }

  /// The same bytes written again are the configuration that is loaded, whatever the clocks say.
  private func rewritten(_ host: SSHHost, _ file: FileGoal, _ probe: UnitProbe) async throws {
    try await perform(host, EnsureFileAbsent(path: file.path))
    #expect(try await host.answer(probe).configuration == .stale)
    try await perform(host, EnsureFile(file))
    #expect(try await host.answer(probe).configuration == .loaded)
  }

  /// A configuration that nginx refuses is not loaded, and nginx goes on with the one that it has.
  private func broken(_ host: SSHHost, _ file: FileGoal, _ unit: UnitGoal) async throws {
    var wrong = file
    wrong.contents = .text("server { listen 8080\n")
    try await perform(host, EnsureFile(wrong))
    let error = await #expect(throws: AgentError.self) { try await perform(host, EnsureUnit(unit)) }
    #expect(error?.code == .commandFailed)
    #expect(error?.cause?.contains("test.conf") == true, "\(error?.cause ?? "-")")
    #expect(try await host.answer(UnitProbe("nginx.service", configuration: [])).active == "active")
    try await perform(host, EnsureFile(file))
    #expect(try await host.answer(UnitProbe("nginx.service", configuration: ["/etc/nginx"])).configuration == .loaded)
  }
}
