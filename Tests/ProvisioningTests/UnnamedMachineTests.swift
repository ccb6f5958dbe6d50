// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import SpecReading
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

  // MARK: Which one is which node

  private static func found(_ machines: [(mac: UInt64, first: Int)]) throws -> UnnamedMachines {
    let spec = """
      version: 1
      cluster: c
      domain: d
      networks: { n: { cidr: 10.0.0.0/8, serves: [dhcp, boot] } }
      heads: { head1: { nics: { eth0: { network: n, address: 10.0.0.1 } } } }
      """
    let cluster = try #require(SpecReader.read(Array(spec.utf8), file: "c", keys: WingCatalog.keys).cluster)
    let answer = UnnamedMachinesProbe().answered(
      machines.map {
        UnnamedMachine(
          mac: MACAddress(bits: $0.mac), maker: "", product: "", serial: "", firstHeard: $0.first, lastHeard: 1)
      })
    let inventory = Inventory(hosts: ["head1": .knowing(answer)], observedAt: 0)
    return UnnamedMachines(ErrandSight(cluster: cluster, inventory: inventory, activeHead: "head1"))
  }

  private static func chosen(
    _ found: UnnamedMachines, _ names: [HostID], macs: [UInt64]? = nil, inOrder: Bool = false
  ) -> Result<[UInt64], ErrandRefusal> {
    do throws(ErrandRefusal) {
      let macs = macs.map { $0.map { MACAddress(bits: $0) } }
      return .success(try found.chosen(for: names, macs: macs, inOrder: inOrder).map(\.mac.bits))
    } catch { return .failure(error) }
  }

  private static func why(_ result: Result<[UInt64], ErrandRefusal>) -> String? {
    if case .failure(let refusal) = result { refusal.why } else { nil }
  }

  @Test func theOnlyOneIsTheNode() throws {
    #expect(try Self.chosen(Self.found([(2, 9)]), ["n1"]) == .success([2]))
    #expect(try Self.why(Self.chosen(Self.found([]), ["n1"])) == "0 machines are without a name, and 1 node is named")
    #expect(try Self.why(Self.chosen(Self.found([(2, 9), (4, 5)]), ["n1"]))?.hasPrefix("2 machines") == true)
    #expect(try Self.chosen(Self.found([(2, 9), (4, 5)]), ["n1"], macs: [4]) == .success([4]))
  }

  @Test func anOrderIsTakenWhereItIsOne() throws {
    let three = try Self.found([(2, 5), (4, 90), (6, 30)])
    let names: [HostID] = ["n1", "n2", "n3"]
    #expect(Self.chosen(three, names, inOrder: true) == .success([4, 6, 2]))
    #expect(Self.why(Self.chosen(three, names)) == "nobody knows which machine is which")
    #expect(Self.why(Self.chosen(three, ["n1", "n2"], inOrder: true))?.hasPrefix("3 machines") == true)
    let tied = try Self.found([(2, 5), (4, 30), (6, 30)])
    #expect(Self.why(Self.chosen(tied, names, inOrder: true))?.hasSuffix("at the same time") == true)
  }

  @Test func machinesThatAreNamedHaveToBeThere() throws {
    let two = try Self.found([(2, 5), (4, 90)])
    #expect(Self.chosen(two, ["n1", "n2"], macs: [2, 4]) == .success([2, 4]))
    #expect(Self.why(Self.chosen(two, ["n1", "n2"], macs: [2, 2]))?.contains("or one twice") == true)
    #expect(Self.why(Self.chosen(two, ["n1", "n2"], macs: [2]))?.contains("for 2 nodes") == true)
    #expect(Self.why(Self.chosen(two, ["n1"], macs: [8]))?.contains("00:00:00:00:00:08") == true)
  }
}
