// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Heads that lose parts, in a lab with real Pacemaker: what nodes and users see of it.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct CarrierTests {
  /// The example's heads and image, without nodes.
  private static func spec() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
    let text = try String(contentsOf: root.appending(path: "cluster.yaml"), encoding: .utf8)
    let nodes = try #require(text.range(of: "\nnodes:")), next = try #require(text.range(of: "\nha:"))
    return text.replacingCharacters(in: nodes.lowerBound..<next.lowerBound, with: "\n")
  }

  @Test func servicesGoWhereTheirCardsHaveACarrier() async throws {
    let site = try await UserSite.make(spec: try Self.spec())
    do {
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      try #require(apply.status == 0, "\(apply.errorText)")
      try await flap(site)
      try await pulled(site)
      try await ended(site)
      try await stopped(site)
      try await silentCable(site)
      try await unreachable(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  private func holders(_ site: UserSite) async throws -> [String] {
    var found: [String] = []
    for head in ["head1", "head2"] {
      let addresses = try await Command.run(
        "ssh", ["-F", site.lab.sshConfig, "-o", "ConnectTimeout=2", head, "ip -oneline -4 address"])
      if addresses.text.contains(" 10.1.0.10/") { found.append(head) }
    }
    return found
  }

  /// A flap of less than two seconds moves nothing.
  private func flap(_ site: UserSite) async throws {
    let before = try await holders(site)
    try await site.lab.setLink(of: "head1", on: "private", up: false)
    try await Poll.pause(.milliseconds(1700))
    try await site.lab.setLink(of: "head1", on: "private", up: true)
    // Longer than a change takes to be told; the longest wait of the bar.
    let end = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < end {
      let now = try await holders(site)
      #expect(now == before)
      try await Poll.pause(.milliseconds(500))
    }
  }

  /// The cable of the active head's private card: Corosync sees no fault, and services move all the same.
  private func pulled(_ site: UserSite) async throws {
    let start = ContinuousClock.now
    try await site.lab.setLink(of: "head1", on: "private", up: false)
    try await silent(site)
    try await Poll.until(.seconds(20), "the other head answers") { () throws(AgentError) in
      try await answers(site)
    }
    let away = (ContinuousClock.now - start) / .seconds(1)
    print("cable pulled: answered again after \(away) s")
    #expect(away < 15)
    let after = try await holders(site)
    #expect(after.last == "head2")
    try await site.lab.setLink(of: "head1", on: "private", up: true)
    try await site.eventually("one head has the address, with both in the cluster") {
      let found = try await holders(site)
      return try await site.status().ha.armed && found == ["head2"]
    }
  }

  private func answers(_ site: UserSite) async throws(AgentError) -> Bool {
    let argv = site.lab.inside(["curl", "--silent", "--fail", "--max-time", "1", "http://10.1.0.10/boot.ipxe"])
    return try await Command.run(argv[0], Array(argv.dropFirst())).succeeded
  }

  private func silent(_ site: UserSite) async throws {
    try await Poll.until(.seconds(5), "it is silent") { () throws(AgentError) in try await !answers(site) }
  }

  private func outage(_ site: UserSite, _ what: String, _ head: String, _ deed: [String]) async throws -> Double {
    let start = ContinuousClock.now
    _ = try await site.onHead(head, deed)
    try await silent(site)
    try await Poll.until(.seconds(30), "it answers") { () throws(AgentError) in try await answers(site) }
    let away = (ContinuousClock.now - start) / .seconds(1)
    print("\(what): answered again after \(away) s")
    return away
  }

  private func ended(_ site: UserSite) async throws {
    #expect(try await outage(site, "nginx killed", "head2", ["pkill", "-KILL", "nginx"]) < 6)
    #expect(try await holders(site) == ["head2"])
  }

  private func stopped(_ site: UserSite) async throws {
    #expect(try await outage(site, "nginx stopped by a signal", "head2", ["pkill", "-STOP", "nginx"]) < 10)
    #expect(try await holders(site) == ["head2"])
  }

  /// Both cables of the active head that Corosync uses, with BMCs that take their time: one head survives, and it is
  /// the one that nodes can reach.
  private func unreachable(_ site: UserSite) async throws {
    try await site.eventually("both heads are in the cluster") { try await site.status().ha.armed }
    #expect(try await holders(site) == ["head2"])
    for head in ["head1", "head2"] { try await site.lab.setBMC(of: .init(head), BoardTraits(offAfter: 5)) }
    let before = try boots(of: "head1", site)
    for network in ["heartbeat", "private"] { try await site.lab.setLink(of: "head2", on: network, up: false) }
    try await site.eventually("the head with cables serves") {
      let found = try await holders(site)
      let served = try await answers(site)
      return found == ["head1"] && served
    }
    #expect(try boots(of: "head1", site) == before, "it was not shot")
    for network in ["heartbeat", "private"] { try await site.lab.setLink(of: "head2", on: network, up: true) }
  }

  private func boots(of head: String, _ site: UserSite) throws -> Int {
    let console = LabFiles.text(site.lab.console(of: try #require(site.lab.machine(.init(head))))) ?? ""
    return console.components(separatedBy: "booting from disk").count
  }

  /// A head that boots with a heartbeat cable out is in the cluster on its other link, and soon.
  private func silentCable(_ site: UserSite) async throws {
    try await site.lab.setLink(of: "head1", on: "heartbeat", up: false)
    let start = ContinuousClock.now
    try await PowerSwitch(try #require(site.lab.machine("head1")), of: site.lab).perform(.cycle)
    try await site.eventually("head1 is online again") {
      let heads = try await site.status().heads
      return heads.first { $0.name == "head1" }?.online == true && ContinuousClock.now - start > .seconds(5)
    }
    let away = (ContinuousClock.now - start) / .seconds(1)
    print("booted without its heartbeat cable: online after \(away) s")
    #expect(away < 60)
    try await site.lab.setLink(of: "head1", on: "heartbeat", up: true)
  }
}
