// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Wings

/// `cluster doctor net` by the real agent in a head's network namespace, beside its real dnsmasq, with strangers.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: geteuid() == 0, "network namespaces need root"))
struct NetDoctorLabTests {
  private static let goal = BootNetworkGoal(
    card: "eth2", mac: MACAddress("52:54:00:0b:00:01"), server: IPv4Address("10.1.2.254"), name: "head1.example.org",
    boots: false, addresses: ["10.1.2.254", "10.1.2.1", "10.1.2.7"].compactMap { IPv4Address($0) })

  @Test func aStrangersServerAndAnAddressOfTwoAreSeen() async throws {
    try await ServedNetworks.with { networks in
      let before = try #require(try await networks.sight(Self.goal))
      #expect(before.offers.allSatisfy { $0.server == IPv4Address("10.1.2.254") }, "\(before.offers)")
      #expect(before.owners.map(\.address.description) == ["10.1.2.1"], "\(before.owners)")
      #expect(before.services == [.init("dns", problem: nil)] && before.unknown == [], "\(before)")
      #expect(before.mtu == 1500 && before.pinged == 1 && before.narrow == [])

      try await networks.ip(on: "b1", "address add 10.1.2.66/24 dev eth0")
      // Somebody has the router's address, and cards that take less than others.
      try await networks.ip(on: "b1", "address add 10.1.2.1/32 dev eth0")
      try networks.startStrangersServer()
      let after = try await networks.sight(Self.goal, until: { $0.offers.contains { $0.server.bits & 255 == 66 } })
      let offer = try #require(after.offers.first { $0.server == IPv4Address("10.1.2.66") }, "\(after.offers)")
      #expect(offer.address.description.hasPrefix("10.1.2.20") && offer.file == "strange.0")
      #expect(offer.hardware == MACAddress("52:54:00:0b:00:01"))
      let router = try #require(after.owners.first { $0.address == IPv4Address("10.1.2.1") })
      #expect(router.machines.count == 2 && router.machines.contains(offer.hardware), "\(router)")
      #expect(
        try await networks.sight(
          BootNetworkGoal(card: "nosuch", mac: nil, server: nil, name: nil, boots: false, addresses: [])) == nil)
    }
  }
}

extension ServedNetworks {
  /// The answer of the agent itself, in the head's namespace.
  func sight(_ goal: BootNetworkGoal) async throws -> BootNetworkSight? {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let agent = URL(filePath: own).deletingLastPathComponent().appending(path: "cluster-agent").path
    let connection = AgentConnection(
      "ip", ["netns", "exec", namespace("head"), agent, "serve", "--host", "head1"], catalog: .all
    ) { _ in nil }
    _ = try await connection.greeting(within: .seconds(60))
    let probe = BootNetworkProbe(goal)
    let answers = try await connection.answer([AnyProbe(probe)], secrets: Secrets())
    await connection.close()
    return try #require(answers[AnyProbe(probe)]).value(of: BootNetworkProbe.self)
  }

  /// The first answer that has what is waited for, or the last of ten.
  func sight(_ goal: BootNetworkGoal, until holds: (BootNetworkSight) -> Bool) async throws -> BootNetworkSight {
    for _ in 0..<9 { if let seen = try await sight(goal), holds(seen) { return seen } }
    return try #require(try await sight(goal))
  }

  /// A DHCP server that somebody has left on b1.
  mutating func startStrangersServer() throws {
    try run(
      "b1",
      [
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root",
        "--pid-file=\(folder)/stranger.pid", "--interface=eth0", "--dhcp-range=10.1.2.200,10.1.2.209",
        "--dhcp-boot=strange.0", "--leasefile-ro", "--no-ping",
      ])
  }
}
