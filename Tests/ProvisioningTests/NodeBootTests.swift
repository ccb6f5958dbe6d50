// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing
import Wings

@testable import AgentServer

/// The last boots of a node, from lines of the boot log to what `cluster node show` lists.
@Suite struct NodeBootTests {
  private static let mac = MACAddress(bits: 0x5254_0011_0001)
  private static let address = IPv4Address(bits: 0x0a01_0101)

  private static func line(
    _ at: Int, _ uri: String, _ arguments: String = "", ip: String = "10.1.1.1", port: Int = 700
  ) -> String {
    "{\"at\":\(at).000,\"ip\":\"\(ip)\",\"port\":\(port),\"server\":\"10.1.0.1\",\"method\":\"GET\",\"uri\":\"\(uri)\","
      + "\"args\":\"\(arguments)\",\"status\":200,\"bytes\":0}"
  }

  private static func power(_ at: Int, _ more: String = "") -> String {
    line(at, "/report", "event=powered&mac=52:54:00:11:00:01" + more, ip: "-", port: 0)
  }

  private static func says(_ at: Int, _ event: String, _ more: String = "", port: Int = 700) -> String {
    line(at, "/report", "event=\(event)&mac=52:54:00:11:00:01" + more, port: port)
  }

  private static let script = "/ipxe/52-54-00-11-00-01.ipxe"
  private static let image = "/images/compute/abc/root.squashfs"

  private static func boots(_ lines: [String], now: Int) -> [NodeBoot] {
    var log = NodeBootLog(mac, at: address, now: now)
    for line in lines { BootEvent(line: line[...]).map { log.add($0) } }
    return NodeBoot.boots(log.moments, now: now)
  }

  @Test func aBootIsItsStagesInOrder() {
    let first = [
      Self.power(100), Self.line(112, Self.script, port: 4000), Self.line(120, Self.image, port: 4001),
      Self.says(131, "ready", "&image=compute/abc&verified=yes&uptime=20"),
      Self.says(191, "ready", "&image=compute/abc&verified=yes&uptime=80"),
    ]
    let second = [Self.power(500), Self.says(530, "failed", "&detail=no%20space")]
    let boots = Self.boots(first + second, now: 600)
    #expect(boots.map(\.began) == [500, 100])
    #expect(boots.map(\.ending) == [.failed, .ready])
    #expect(boots[0].detail == "no space")
    #expect(boots[1].image == "compute/abc")
    #expect(
      boots[1].steps.map { "\($0.stage.rawValue) \($0.after)" } == ["powered 0", "script 12", "image 20", "ready 31"])
  }

  @Test func aUserOfANodeThatIsUpBootsNothing() {
    let up = Self.says(131, "ready", "&image=compute/abc&uptime=20")
    let still = Self.says(1191, "ready", "&image=compute/abc&uptime=1080")
    let boots = Self.boots(
      [Self.line(112, Self.script), up, Self.line(900, Self.script, port: 5000), Self.line(905, Self.image), still],
      now: 1200)
    #expect(boots.count == 1 && boots.first?.ending == .ready, "\(boots)")
    // Until it is heard again, it may be a boot.
    #expect(Self.boots([up, Self.line(900, Self.script)], now: 901).first?.ending == .unfinished)
  }

  @Test func nobodyElseSpeaksForIt() {
    let lines = [
      Self.says(10, "ready", "&uptime=1", port: 5000), Self.line(11, Self.script, ip: "10.1.9.9"),
      Self.line(12, "/report", "event=powered&mac=52:54:00:11:00:01"),
      Self.line(13, Self.image, ip: "10.1.9.9"), Self.says(14, "elsewhere"),
    ]
    #expect(Self.boots(lines, now: 20) == [])
    let off = Self.boots([Self.power(10, "&detail=off")], now: 20)
    #expect(off.map(\.ending) == [.off])
    let many = (0..<500).map { Self.power($0) }
    #expect(Self.boots(many, now: 600).count == BootMoment.most)
  }
}
