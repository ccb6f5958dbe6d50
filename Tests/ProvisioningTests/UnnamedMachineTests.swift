// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Testing
import Wings

@testable import AgentServer

/// Machines that nobody has named yet, from what they say to what is shown.
@Suite struct UnnamedMachineTests {
  private static func line(_ at: Int, _ uri: String, _ arguments: String, status: Int = 204) -> String {
    "{\"at\":\(at).000,\"ip\":\"10.1.250.7\",\"port\":49152,\"server\":\"10.1.0.1\",\"method\":\"GET\","
      + "\"uri\":\"\(uri)\",\"args\":\"\(arguments)\",\"status\":\(status),\"bytes\":0}\n"
  }

  private static func discover(_ at: Int, _ mac: String, _ more: String = "") -> String {
    line(at, "/report", "event=discover&mac=\(mac)\(more)")
  }

  private static func machines(_ lines: String..., now: Int) -> [UnnamedMachine] {
    var log = UnnamedMachineLog(now: now)
    for line in lines.joined().split(separator: "\n") { BootEvent(line: line).map { log.add($0) } }
    return log.all
  }

  @Test func isHeardUntilItHasAScript() throws {
    let words = "&manufacturer=Example+Inc.&product=R%20650&serial=7XK"
    let first = Self.discover(100, "52:54:00:99:00:07", words)
    let again = Self.discover(160, "52:54:00:99:00:07", words)
    let mac = try #require(MACAddress("52:54:00:99:00:07"))
    let expected = UnnamedMachine(
      mac: mac, maker: "Example Inc.", product: "R 650", serial: "7XK", firstHeard: 100, lastHeard: 40)

    #expect(Self.machines(first, again, now: 200) == [expected])
    let script = Self.line(170, "/ipxe/52-54-00-99-00-07.ipxe", "", status: 200)
    #expect(Self.machines(first, again, script, now: 200) == [])
    // It found none.
    let missing = Self.line(170, "/ipxe/52-54-00-99-00-07.ipxe", "", status: 404)
    #expect(Self.machines(first, again, missing, now: 200) == [expected])
  }

  @Test func whatItSaysIsBoundedAndShownAsItIs() {
    let long = String(repeating: "x", count: 5000)
    let machine = Self.machines(Self.discover(1, "0030.48c6.1b6a", "&product=%1b%5b31m\(long)&serial=a%0ab"), now: 2)
      .first
    #expect((machine?.product.unicodeScalars.count ?? 0) <= 4 * UnnamedMachine.longest)
    #expect(machine?.product.contains("\u{1b}") == false && machine?.serial.contains("\n") == false)
    #expect(Self.machines(Self.discover(1, "ff:ff:ff:ff:ff:ff"), Self.discover(1, "nothing"), now: 2) == [])
    let many = (0..<UnnamedMachine.most + 50).map { Self.discover(1, MACAddress(bits: UInt64($0) * 2 + 2).description) }
    #expect(Self.machines(many.joined(), now: 2).count == UnnamedMachine.most)
  }
}
