// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import TestKit
import Testing

@testable import Wings

@Suite("How high availability stands")
struct StatusTests {
  private static let now = 1_795_227_900

  private func inventory(
    _ case: String, quorate: Bool = true, unreachable: Set<HostID> = [], provenAgo: Int = 180,
    owned: FencingRecord? = nil
  ) throws -> Inventory {
    let cluster = try Example.cluster()
    let map = CorosyncMap(
      parsing: try Recorded.text(`case` == "start-failed" ? "cmap-armed.txt" : "cmap-\(`case`).txt"))
    let stats = CorosyncMap(
      parsing: try Recorded.text(`case` == "start-failed" ? "stats-armed.txt" : "stats-\(`case`).txt"))
    let crmMon = try Recorded.text("crm_mon-\(`case`).xml")
    var hosts: [HostID: Inventory.Host] = [:]
    for (index, head) in cluster.heads.enumerated() {
      guard !unreachable.contains(head.name) else {
        hosts[head.name] = .unreachable(AgentError(.unreachable, "\(head.name) does not answer", next: "Look."))
        continue
      }
      let other = cluster.heads[1 - index]
      let address = try #require(other.bmc?.address)
      hosts[head.name] = .knowing(
        CrmMonProbe().answered(crmMon), CorosyncProbe().answered(map.state(stats: stats, quorate: quorate)),
        LinksProbe().answered(
          ["eth0", "eth1"].map { LinkState(name: $0, mac: nil, up: true, addresses: [], gateways: []) }),
        FencingProbe(other.name).answered(
          FencingRecord(
            head: other.name, address: address, provenAt: Self.now - provenAgo, device: nil, uuid: nil)),
        FencingProbe(head.name).answered(head.name == owned?.head ? owned : nil))
    }
    return Inventory(hosts: hosts, observedAt: Self.now)
  }

  private func show(_ inventory: Inventory) throws -> String {
    let status = try #require(HighAvailabilityStatus.read(try Example.cluster(), inventory))
    var lines = status.heads.map { "head \($0.name): \($0.online ? "online" : "offline"), \($0.role)" }
    lines += status.addresses.map { "address \($0.network) \($0.address): \($0.holder?.name ?? "nobody")" }
    lines += status.services.map { "service \($0.name): \($0.state) on \($0.head?.name ?? "nobody")" }
    lines += status.conditions.map { "\($0.ok ? "ok" : "NO") \($0.name): \($0.detail)" }
    return (lines + ["armed: \(status.armed)"]).joined(separator: "\n") + "\n"
  }

  @Test("both heads up")
  func armed() throws { expectGolden(try show(inventory("armed")), at: "cases/status-armed.txt") }

  @Test("a BMC that does not say whose it is is told of")
  func untold() throws {
    let address = try #require(IPv4Address("10.3.0.1"))
    let record = FencingRecord(head: "head1", address: address, provenAt: Self.now, device: nil, uuid: nil)
    let status = try HighAvailabilityStatus.read(try Example.cluster(), inventory("armed", owned: record))
    let details = status?.conditions.filter { $0.name.hasPrefix("fencing-") }.map(\.detail)
    #expect(details == ["proven 3 min ago; whose BMC it is is not told", "proven 3 min ago"])
    #expect(status?.armed == true)
  }

  @Test("a head has just lost its power")
  func lost() throws {
    expectGolden(try show(inventory("head-lost", unreachable: ["head2"])), at: "cases/status-head-lost.txt")
  }

  @Test("a service does not start")
  func failed() throws { expectGolden(try show(inventory("start-failed")), at: "cases/status-start-failed.txt") }

  @Test("a head that starts alone waits, and says for whom")
  func alone() throws {
    let status = try #require(
      HighAvailabilityStatus.read(
        try Example.cluster(), try inventory("head-lost", quorate: false, unreachable: ["head2"])))
    #expect(status.conditions.first { $0.name == "quorate" }?.detail == "no quorum on head1 without head2")
    #expect(!status.armed)
  }

  /// Unknown is not absent: each of these is another trouble, and another thing to do about it.
  @Test("what a head cannot tell is said, and not taken for absent")
  func unknown() throws {
    let cluster = try Example.cluster()
    let damaged = Inventory(
      hosts: ["head1": .knowing(CrmMonProbe().answered("<pacemaker-result"))], observedAt: Self.now)
    let error = AgentError(.invalid, "the record is damaged", next: "Remove it.")
    var unproven = try inventory("armed")
    let mute = FencingProbe("head2").failed(error)
    if case .answered(var answers) = unproven.hosts["head1"] {
      answers[mute.0] = mute.1
      unproven.hosts["head1"] = .answered(answers)
    }

    let unreadable = try #require(HighAvailabilityStatus.read(cluster, damaged)?.conditions.first)
    let fencing = try #require(
      HighAvailabilityStatus.read(cluster, unproven)?.conditions.first { $0.name == "fencing-head2" })

    #expect(unreadable.name == "pacemaker" && unreadable.detail.contains("cannot be read"))
    #expect(!fencing.ok && fencing.detail.contains("the record is damaged"))
  }

  @Test("an old proof of fencing disarms")
  func old() throws {
    let status = try #require(
      HighAvailabilityStatus.read(try Example.cluster(), try inventory("armed", provenAgo: 8 * 86400)))
    #expect(!status.armed)
    #expect(status.conditions.filter { !$0.ok }.map(\.name) == ["fencing-head1", "fencing-head2"])
  }

  @Test("before Pacemaker runs the holder is the head with the address on an interface")
  func before() throws {
    let cluster = try Example.cluster()
    let link = LinkState(name: "eth0", mac: nil, up: true, addresses: ["10.1.0.1/16", "10.1.0.10/16"], gateways: [])
    let inventory = Inventory(
      hosts: [
        "head1": .knowing(
          LinksProbe().answered([link]), CrmMonProbe().answered(nil), CorosyncProbe().answered(nil))
      ],
      observedAt: 0)
    let status = try #require(HighAvailabilityStatus.read(cluster, inventory))
    #expect(status.addresses.map(\.holder) == [nil, "head1"])
    #expect(status.heads.map(\.role) == [.active, .offline])
    #expect(!status.armed)
  }

  @Test("Corosync's keys")
  func corosync() throws {
    let map = CorosyncMap(parsing: try Recorded.text("cmap-armed.txt"))
    let state = map.state(stats: CorosyncMap(parsing: try Recorded.text("stats-armed.txt")), quorate: true)
    #expect(state.members == ["head1", "head2"] && state.encrypted && state.quorate)
    #expect(state.links.map(\.address) == ["10.1.0.1", "10.2.0.1"] && state.links.allSatisfy(\.connected))
    let lost = CorosyncMap(parsing: try Recorded.text("cmap-head-lost.txt"))
      .state(stats: CorosyncMap(parsing: try Recorded.text("stats-head-lost.txt")), quorate: true)
    #expect(lost.members == ["head1"] && lost.links.allSatisfy { !$0.connected })
    #expect(map.joins(of: "head2") == 1 && map.joins(of: "head3") == nil)
    #expect(CorosyncMap(parsing: "no keys (at all\n= 1\n").state(stats: map, quorate: false).links.isEmpty)
  }

  @Test(
    "what fence_ipmilan says",
    arguments: [
      ("Status: ON\n", "on"), ("Status: OFF\n", "off"), ("", nil),
    ] as [(String, String?)])
  func power(_ text: String, power: String?) { #expect(FenceDevice.power(in: text) == power) }

  @Test(
    "why a BMC cannot be asked",
    arguments: [
      ("2026-11-21 01:50:08,233 DEBUG: 1  Error: Unable to establish IPMI v2 / RMCP+ session\n", .bmcAuthentication),
      (
        "Error in open session response message : no matching cipher suite\nError: Unable to establish IPMI v2 / RMCP+ session",
        .bmcCipher
      ),
      ("2026-11-21 01:50:28,289 ERROR: Connection timed out\n", .bmcUnreachable),
      (
        "Unable to read password from file /etc/cluster/secrets/bmc/head2\nPassword: Error: Unable to establish",
        .notFound
      ),
      ("Traceback (most recent call last):\n", .commandFailed),
    ] as [(String, AgentError.Code)])
  func refused(_ text: String, code: AgentError.Code) throws {
    let error = IPMI.failure(of: IPMI.fence("head2", try Example.bmc(2)), saying: text)
    #expect(error.code == code && !error.next.isEmpty)
  }
}
