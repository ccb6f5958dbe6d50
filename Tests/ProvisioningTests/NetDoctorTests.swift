// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecReading
import Testing

@testable import AgentServer
@testable import Wings

/// What heads see on a boot network, held against the description, and what strangers can make them see.
@Suite struct NetDoctorTests {
  private static let spec = """
    version: 1
    cluster: c
    domain: d.example
    networks: { private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] } }
    heads: { head1: { nics: { eth0: { network: private, address: 10.1.0.1 } } } }
    images: { compute: { release: debian/bookworm } }
    nodes:
      - { names: "node[001-002]", image: compute,
          nics: { eth0: { network: private, address: 10.1.1.1+, mac: 52:54:00:11:00:01+ } } }
    """
  private static let hardware = MACAddress(bits: 0x5254_00aa_0001)

  private static func doctor(_ change: (inout BootNetworkSight) -> Void) throws -> NetDoctor {
    let cluster = try #require(SpecReader.read(Array(spec.utf8), file: "c.yaml", keys: WingCatalog.keys).cluster)
    let empty = ErrandSight(cluster: cluster, inventory: Inventory(hosts: [:], observedAt: 0), activeHead: "head1")
    let question = try #require(NetDoctor.questions(empty).first)
    let probe = try #require(question.probe.probe as? BootNetworkProbe)
    #expect(probe.goal.addresses.map(\.description) == ["10.1.0.1", "10.1.1.1", "10.1.1.2"])
    var sight = BootNetworkSight(mtu: 1500)
    sight.offers = [
      .init(
        server: IPv4Address(bits: 0x0a01_0001), hardware: hardware, address: IPv4Address(bits: 0x0a01_0101), file: nil)
    ]
    change(&sight)
    let inventory = Inventory(hosts: ["head1": .knowing(probe.answered(sight))], observedAt: 0)
    return NetDoctor(ErrandSight(cluster: cluster, inventory: inventory, activeHead: "head1"))
  }

  private static func wrong(_ change: (inout BootNetworkSight) -> Void) throws -> [NetDoctor.Finding] {
    try doctor(change).findings.filter { !$0.ok }
  }

  @Test func aNetworkWithoutStrangersIsWell() throws {
    let found = try Self.doctor {
      $0.owners = [.init(address: IPv4Address(bits: 0x0a01_0101), machines: [MACAddress(bits: 0x5254_0011_0001)])]
      $0.services = [.init("tftp", problem: nil)]
      $0.pinged = 1
    }
    #expect(found.isWell && found.findings.map(\.check) == ["dhcp", "addresses", "tftp", "mtu"], "\(found.findings)")
  }

  @Test func anotherServerIsNamedWithWhatItOffers() throws {
    let found = try Self.wrong {
      $0.offers.append(
        .init(
          server: IPv4Address(bits: 0x0a01_0042), hardware: Self.hardware, address: IPv4Address(bits: 0x0a01_0707),
          file: "evil\u{1b}[2J"))
    }
    #expect(found.map(\.check) == ["dhcp"])
    #expect(found[0].detail.hasPrefix("10.1.0.66 (52:54:00:aa:00:01) offers 10.1.7.7 and the file “evil"))
    #expect(!found[0].detail.contains("\u{1b}"))
  }

  @Test func anAddressOfTwoIsNamedAndSoIsOneOfAnother() throws {
    let (one, two) = (IPv4Address(bits: 0x0a01_0101), IPv4Address(bits: 0x0a01_0102))
    let own = MACAddress(bits: 0x5254_0011_0001)
    let found = try Self.wrong {
      $0.owners = [
        .init(address: one, machines: [own, Self.hardware]), .init(address: two, machines: [Self.hardware]),
      ]
    }
    #expect(found.map(\.check) == ["addresses", "addresses"])
    #expect(found[0].detail.contains("node001 is also at") && found[1].detail.contains("not at its own MAC address"))
    // A head does not answer itself: whoever does is another machine.
    let head = try Self.wrong {
      $0.owners = [.init(address: IPv4Address(bits: 0x0a01_0001), machines: [Self.hardware])]
    }
    #expect(head.first?.detail.contains("10.1.0.1 of head1 is also at") == true)
  }

  @Test func aServiceThatDoesNotAnswerAndSmallPacketsAreTold() throws {
    let found = try Self.wrong {
      $0.services = [.init("tftp", problem: "timed out")]
      ($0.pinged, $0.narrow) = (2, [IPv4Address(bits: 0x0a01_0101)])
      $0.unknown = ["arping is not installed"]
    }
    #expect(found.map(\.check) == ["tftp", "mtu", "unknown"] && found.allSatisfy { $0.next != nil })
  }

  // MARK: Packets

  private static func packet(_ question: DHCPQuestion, options: [UInt8], port: UInt8 = 68) -> [UInt8] {
    var ip: [UInt8] = [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 1, 0, 66, 255, 255, 255, 255]
    ip += [0, 67, 0, port, 0, 0, 0, 0]
    var bytes = question.bytes
    bytes[0] = 2
    bytes.replaceSubrange(16..<20, with: [10, 1, 7, 7])
    bytes.replaceSubrange(108..<112, with: Array("a.0\0".utf8))
    return ip + bytes[..<240] + options
  }

  @Test func anOfferIsReadAndNothingElseIs() throws {
    let question = DHCPQuestion(transaction: 7, mac: Self.hardware)
    let offer: [UInt8] = [53, 1, 2, 54, 4, 10, 1, 0, 66, 255]
    let read = try #require(question.offer(in: Self.packet(question, options: offer)[...], from: Self.hardware))
    #expect(
      read
        == .init(
          server: IPv4Address(bits: 0x0a01_0042), hardware: Self.hardware, address: IPv4Address(bits: 0x0a01_0707),
          file: "a.0"))
    #expect(question.offer(in: Self.packet(question, options: offer, port: 67)[...], from: Self.hardware) == nil)
    #expect(question.offer(in: Self.packet(question, options: [53, 1, 5, 255])[...], from: Self.hardware) == nil)
    #expect(question.offer(in: Self.packet(question, options: [53, 200, 2])[...], from: Self.hardware) == nil)
    let other = DHCPQuestion(transaction: 8, mac: Self.hardware)
    #expect(other.offer(in: Self.packet(question, options: offer)[...], from: Self.hardware) == nil)
  }

  @Test func brokenPacketsAreNoOffers() {
    var random = SystemRandomNumberGenerator()
    let question = DHCPQuestion(transaction: 7, mac: Self.hardware)
    let whole = Self.packet(question, options: [53, 1, 2, 54, 4, 10, 1, 0, 66, 67, 3, 65, 0, 66, 255])
    for _ in 0..<3000 {
      var packet = whole
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        packet[Int.random(in: 0..<packet.count, using: &random)] = .random(in: .min ... .max, using: &random)
      }
      packet = Array(packet.prefix(Int.random(in: 0...packet.count, using: &random)))
      let offer = question.offer(in: packet[...], from: Self.hardware)
      #expect((offer?.file ?? "").unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
    }
  }

  @Test func repliesOfArpingAreRead() {
    let text = """
      ARPING 10.1.1.1 from 10.1.0.1 eth0
      Unicast reply from 10.1.1.1 [52:54:00:11:00:01]  0.700ms
      Unicast reply from 10.1.1.1 [52:54:00:AA:00:01]  0.9ms
      Unicast reply from 10.1.1.1 [52:54:00:11:00:01]  0.700ms
      Sent 2 probes (2 broadcast(s))
      """
    #expect(BootNetworkLook.machines(text) == [MACAddress(bits: 0x5254_0011_0001), Self.hardware])
  }
}
