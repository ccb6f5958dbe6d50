// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Lab

struct IPXEInterpreterTests {
  /// Scripts by URL; whatever else is asked for does not exist.
  final class Web: IPXEPlatform, @unchecked Sendable {
    var scripts: [String: String]
    var files: Set<String> = []
    var said: [String] = []
    var pauses = 0
    /// Appears after that many pauses.
    var late: (url: String, script: String, after: Int)?

    init(_ scripts: [String: String], files: Set<String> = []) {
      self.scripts = scripts
      self.files = files
    }

    func fetch(_ url: String) async throws(AgentError) -> [UInt8] {
      guard let text = scripts[url] else { throw AgentError(.notFound, "404", next: "") }
      return Array(text.utf8)
    }

    func download(_ url: String) async throws(AgentError) {
      guard files.contains(url) else { throw AgentError(.notFound, "404", next: "") }
    }

    func pause(_ length: Duration) async throws(AgentError) {
      pauses += 1
      if let late, pauses >= late.after { scripts[late.url] = late.script }
    }

    func say(_ text: String) { said.append(text) }
  }

  private func run(_ web: Web) async throws -> IPXEOutcome {
    let lease = try #require(
      DHCPLease(
        environment: "ip=10.1.1.1\nsubnet=255.255.0.0\nmask=16\nrouter=10.1.0.10\nboot_file=x\nsiaddr=10.1.0.10\n"))
    let mac = try #require(MACAddress("52:54:00:11:00:0a"))
    var interpreter = IPXEInterpreter(
      platform: web, settings: IPXESettings(card: "net0", lease: lease, mac: mac, uuid: "u"))
    return try await interpreter.run("boot")
  }

  @Test func chainsToThePerMachineScriptAndBoots() async throws {
    let web = Web(
      [
        "boot": "#!ipxe\nchain --replace --autofree http://h/${netX/mac:hexhyp}.ipxe || shell\n",
        "http://h/52-54-00-11-00-0a.ipxe":
          "#!ipxe\nset node n1\nset base http://h/i\nkernel ${base}/vmlinuz a=${netX/ip} gw=${net0/gateway} h=${node}\n"
          + "initrd --name initrd ${base}/initrd\n\nboot\n",
      ], files: ["http://h/i/vmlinuz", "http://h/i/initrd"])

    #expect(
      try await run(web)
        == .boot(kernel: "http://h/i/vmlinuz", arguments: ["a=10.1.1.1", "gw=10.1.0.10", "h=n1"]))
  }

  @Test func aMissingKernelFails() async throws {
    let web = Web(["boot": "#!ipxe\nkernel http://h/vmlinuz\nboot\n"])

    #expect(try await run(web) == .failed("kernel http://h/vmlinuz: 404"))
  }

  @Test func bootWithoutAKernelFails() async throws {
    #expect(try await run(Web(["boot": "#!ipxe\nboot\n"])) == .failed("boot: no kernel is loaded"))
  }

  @Test func anErrorPageIsNoScript() async throws {
    #expect(try await run(Web(["boot": "<html>"])) == .failed("boot is no iPXE script"))
  }

  @Test func waitsInALoopUntilItsScriptAppears() async throws {
    let web = Web([
      "boot": "#!ipxe\n:again\nimgfetch http://h/discover ||\nsleep 3\nchain http://h/mine || goto again\n"
    ])
    web.late = ("http://h/mine", "#!ipxe\nsanboot --no-describe --drive 0x80 || exit\n", 4)

    #expect(try await run(web) == .disk)
    #expect(web.pauses == 4)
  }

  @Test func aScriptThatNeverEndsIsStopped() async throws {
    #expect(try await run(Web(["boot": "#!ipxe\n:a\ngoto a\n"])) == .failed("the script does not end"))
  }

  @Test(arguments: [
    ("isset ${nothing} && reboot ||\nexit", IPXEOutcome.exit), ("isset ${net0/ip} && reboot || exit", .reboot),
    ("iseq ${a} 1 || set a 1\niseq ${a} 1 && poweroff", .poweroff),
    ("frobnicate", .failed("frobnicate: unknown command")),
    ("frobnicate || exit", .exit), ("goto nowhere", .failed("no label nowhere")), ("echo hello", .exit),
  ])
  func operators(_ script: String, _ outcome: IPXEOutcome) async throws {
    #expect(try await run(Web(["boot": "#!ipxe\n\(script)\n"])) == outcome)
  }

  @Test func settingsExpandFromTheInsideOut() async throws {
    let web = Web([
      "boot": "#!ipxe\nset card net0\necho ${${card}/ip} ${mac:hexraw} [${unknown}] ${q:uristring}\nset q a b/ü\n"
        + "echo ${q:uristring}"
    ])

    _ = try await run(web)

    #expect(web.said.suffix(2) == ["10.1.1.1 52540011000a []", "a%20b%2F%C3%BC"])
  }
}
