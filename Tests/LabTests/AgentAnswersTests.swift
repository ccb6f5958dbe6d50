// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing
import Wings

@testable import Lab

/// A statically linked agent, which runs on a head as it is.
private let agentProgram = ProcessInfo.processInfo.environment["CLUSTER_AGENT"]

/// What the agent finds out without programs is what the programs say; and what it keeps lies where nobody reads it.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: agentProgram != nil && geteuid() == 0))
struct AgentAnswersTests {
  private static let run = RunToken(run: "answers", generation: 1, holder: "test", leaseSeconds: 300)

  @Test func answersAreThoseOfTheSystemsPrograms() async throws {
    try await TestLab.with(nodes: 0) { lab in
      let folder = try #require(mkdtemp(strdup("/tmp/cluster-test-XXXXXX")).map { String(cString: $0) })
      let host = SSHHost(
        id: "head1", target: "head1", hostName: nil, user: lab.site.user, configuration: lab.site.sshConfig,
        agent: try #require(agentProgram), catalog: .all, runDirectory: folder)
      var problem: (any Error)?
      do {
        try await units(host, lab)
        try await packages(host, lab)
        try await links(host, lab)
        try await backups(host, lab)
      } catch { problem = error }
      await host.close()
      try? FileManager.default.removeItem(atPath: folder)
      if let problem { throw problem }
    }
  }

  private func ssh(_ lab: TestLab, _ command: String) async throws -> String {
    let result = try await lab.ssh("head1", command)
    try #require(result.succeeded, "\(command): \(result.errorText)")
    return result.text
  }

  private func units(_ host: SSHHost, _ lab: TestLab) async throws {
    let names = [
      "ssh.service", "systemd-networkd.service", "dbus.service", "dbus.socket", "apt-daily.timer", "multi-user.target",
      "no-such.service", "systemd-tmpfiles-setup.service", "serial-getty@ttyS9.service",
    ]
    let answers = try await host.answer(names.map { AnyProbe(UnitProbe($0)) }, secrets: Secrets())
    for name in names {
      let said = try await ssh(lab, "systemctl show --property=LoadState,ActiveState,UnitFileState -- \(name)")
      let unit = try #require(try answers[AnyProbe(UnitProbe(name))]?.value(of: UnitProbe.self))
      #expect(said.contains("ActiveState=\(unit.active)\n"), "\(name): \(said)")
      #expect(said.contains("LoadState=not-found\n") != unit.exists, "\(name): \(said)")
      #expect(
        ["enabled", "static", "indirect", "alias"].contains { said.contains("UnitFileState=\($0)\n") } == unit.enabled,
        "\(name): \(said)")
    }
  }

  private func packages(_ host: SSHHost, _ lab: TestLab) async throws {
    let versions = try await host.answer(PackagesProbe(["openssh-server", "base-files", "nginx-light"]))
    let said = try await ssh(lab, "dpkg-query --show --showformat='${Package}=${Version}\\n' openssh-server base-files")
    #expect(versions.map { "\($0.key)=\($0.value)" }.sorted() == said.split(separator: "\n").map(String.init).sorted())
  }

  private func links(_ host: SSHHost, _ lab: TestLab) async throws {
    let links = try await host.answer(LinksProbe())
    struct Said: Decodable {
      struct Address: Decodable { var family: String, local: String?, prefixlen: Int? }
      var ifname: String, address: String, flags: [String], addr_info: [Address]
    }
    let said = try JSONDecoder().decode([Said].self, from: Data(try await ssh(lab, "ip -j address show").utf8))
    #expect(links.map(\.name) == said.map(\.ifname))
    for (link, said) in zip(links, said) {
      #expect(link.mac == MACAddress(said.address))
      #expect(link.up == said.flags.contains("LOWER_UP"))
      let addresses = said.addr_info.filter { $0.family == "inet" }.map { "\($0.local ?? "")/\($0.prefixlen ?? 0)" }
      #expect(link.addresses == addresses)
    }
  }

  private func backups(_ host: SSHHost, _ lab: TestLab) async throws {
    func perform(_ operation: some HostOperation) async throws -> Outcome {
      try await host.perform(AnyOperation(operation), secrets: Secrets(), run: Self.run) { _ in }
    }
    try await host.claim(Self.run)
    let before = try await ssh(lab, "cat /etc/issue && stat -c %U%a /etc/issue")
    let goal = FileGoal(path: "/etc/issue", contents: .text("ours\n"))
    let backup = "/var/lib/cluster/backups/etc/issue.cluster-backup"

    _ = try await perform(EnsureFile(goal))
    #expect(try await ssh(lab, "find /etc -name '*cluster-backup*'") == "")
    #expect(try await ssh(lab, "cat \(backup) && stat -c %U%a \(backup)") == before)
    _ = try await perform(EnsureFileAbsent(path: "/etc/issue"))
    #expect(try await ssh(lab, "cat /etc/issue && stat -c %U%a /etc/issue") == before)
    #expect(try await ssh(lab, "find /var/lib/cluster/backups -type f") == "")

    // As an earlier version left it.
    _ = try await perform(EnsureFile(goal))
    _ = try await ssh(lab, "mv \(backup) /etc/issue.cluster-backup")
    _ = try await perform(EnsureFileAbsent(path: "/etc/issue"))
    #expect(try await ssh(lab, "cat /etc/issue && stat -c %U%a /etc/issue") == before)
    #expect(try await ssh(lab, "find /etc -name '*cluster-backup*'") == "")
  }
}
