// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import AgentServer
@testable import Lab

/// Verbs that act, against real Pacemaker and real BMCs: what they say is what one sees from outside.
@Suite(.serialized, .timeLimit(.minutes(30)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct ErrandLabTests {
  /// The example, whose nodes boot nothing that the heads have not signed.
  private static func description() throws -> String {
    let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../cluster.yaml")
    let text = try String(contentsOf: example, encoding: .utf8)
    try #require(text.contains("\ncluster: alps\n"))
    return text.replacing("\ncluster: alps\n", with: "\nboot: signed\ncluster: alps\n")
  }

  @Test func powerAndSwitchover() async throws {
    let site = try await UserSite.make(spec: try Self.description())
    do {
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      try #require(apply.status == 0, "\(apply.errorText)")
      try await power(site)
      try await switchover(site)
      try await leftConstraint(site)
      try await pause(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  private func power(_ site: UserSite) async throws {
    let off = try await site.cluster(["power", "off", "node001", "--lab", "--yes"])
    #expect(off.status == 0, "\(off.errorText)")
    let table = try await site.cluster(["power", "status", "--lab"]).text
    #expect(table.contains("off  node001") && table.contains("head[1-2],node[002-004]"), "\(table)")
    #expect(try await site.status().nodes.first { $0.name == "node001" }?.state == "off")

    let on = try await site.cluster(["power", "on", "node001", "--lab", "--yes"])
    #expect(on.status == 0, "\(on.errorText)")
    try await ready(site)
    let cycle = try await site.cluster(["power", "cycle", "node[001-002]", "--lab", "--yes"])
    #expect(cycle.status == 0, "\(cycle.errorText)")
    #expect(cycle.text.contains("power:node002/cycle: switched node002 off and on"), "\(cycle.text)")
    try await ready(site)
    for head in ["head1", "head2"] {
      #expect(try await site.cluster(["power", "off", head, "--lab", "--yes"]).status == 6, "\(head)")
    }
  }

  private func ready(_ site: UserSite) async throws {
    try await site.eventually("nodes boot by themselves once they are on") {
      try await site.status().nodes.allSatisfy { $0.state == "ready" }
    }
  }

  /// The longest time that the command tells is that of the address, and so at least what is missed from outside.
  private func switchover(_ site: UserSite) async throws {
    let watch = Task { try await outage(site) }
    let move = try await site.cluster(["ha", "switchover", "--lab", "--yes"])
    #expect(move.status == 0, "\(move.errorText)")
    let missed = try await watch.value
    let told = move.text.matches(of: /away ([0-9.]+) s/).compactMap { Double($0.1) }
    print("switchover: away \(told) s as it is told, \(missed) s without an answer over HTTP")
    #expect(told.count >= 4, "\(move.text)")
    #expect((told.max() ?? 0) > 0 && (told.max() ?? .infinity) < 30)
    let status = try await site.status()
    #expect(status.addresses.map(\.holder) == ["head2", "head2"])
    #expect(status.services.allSatisfy { $0.head == "head2" && $0.state == "running" })
    #expect(try await constraints(site) == false)
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
    // The clone's signatures are as good.
    let cycle = try await site.cluster(["power", "cycle", "node003", "--lab", "--yes"])
    #expect(cycle.status == 0, "\(cycle.errorText)")
    try await ready(site)
    let asked = try await site.onHead("head2", ["grep", "-c", "/signed/52:54:00:11:00:03.cfg.sig", BootLog.path])
    #expect(asked.text != "0\n")
  }

  /// Seconds without an answer at the service address, from the first silence on; watched until it has answered again
  /// for 3 s.
  private func outage(_ site: UserSite) async throws -> Double {
    let clock = ContinuousClock()
    var (silent, back): (ContinuousClock.Instant?, ContinuousClock.Instant?)
    let end = clock.now + .seconds(120)
    while clock.now < end {
      let answers = try await site.fetch("/boot.ipxe")
      if !answers {
        silent = silent ?? clock.now
        back = nil
      } else if silent != nil {
        back = back ?? clock.now
        if let back, clock.now - back > .seconds(3) { break }
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    guard let silent, let back else { return 0 }
    return (back - silent) / .seconds(1)
  }

  private func constraints(_ site: UserSite) async throws -> Bool {
    let text = try await site.onHead("head1", ["cibadmin", "--query", "--scope", "constraints"]).text
    return text.contains("cli-") || text.contains("cluster-switchover")
  }

  /// Killed in the middle: the services come to the other head, and the next switchover takes the rest away.
  private func leftConstraint(_ site: UserSite) async throws {
    let run = try site.start(["ha", "switchover", "--to", "head1", "--lab", "--yes"])
    try await run.says("moving the services to head1")
    _ = try await site.onHead("head1", ["pkill", "-KILL", "-f", "^/usr/lib/cluster/agent"])
    _ = try await run.ended()

    let again = try await site.cluster(["ha", "switchover", "--to", "head1", "--lab", "--yes", "--lock-timeout", "120"])

    #expect(again.status == 0, "\(again.errorText)")
    #expect(try await site.status().addresses.map(\.holder) == ["head1", "head1"])
    #expect(try await constraints(site) == false)
  }

  private func pause(_ site: UserSite) async throws {
    #expect(try await site.cluster(["ha", "pause", "--lab", "--yes"]).status == 0)
    _ = try await site.onHead("head1", ["systemctl", "stop", "nginx.service"])
    let plan = try await site.cluster(["plan", "--lab"]).text
    #expect(plan.contains("High availability is paused"), "\(plan)")
    #expect(try await site.cluster(["ha", "switchover", "--lab", "--yes"]).status == 6)
    #expect(try await !site.fetch("/boot.ipxe"), "nothing is restarted")

    let resume = try await site.cluster(["ha", "resume", "--lab", "--yes"])

    #expect(resume.status == 0, "\(resume.errorText)")
    try await site.eventually("Pacemaker has started it again") { try await site.fetch("/boot.ipxe") }
    try await site.eventually("armed again") { try await site.status().ha.armed }
  }
}
