// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Lab
@testable import Wings

/// Finding 21: whatever part of a boot the heads do not answer for, a machine asks again for a while, and then starts
/// over. It never stops.
@Suite struct BootScriptTests {
  private static let server = IPv4Address(bits: 0x0a01_000a)
  private static let own = "http://10.1.0.10/ipxe/52-54-00-11-00-0a.ipxe"
  private static let image = "http://10.1.0.10/images/compute/0123/boot.ipxe"

  private static func web(without missing: String? = nil) throws -> IPXEInterpreterTests.Web {
    guard case .text(let first)? = BootScript.common(server: server)["boot.ipxe"]?.contents else {
      throw AgentError(.notFound, "no first script", next: "")
    }
    let node = BootScript(server: server, prefix: 16, reportEvery: 60).node(
      "node1", image: "compute/0123", kernel: KernelArguments(["console=ttyS1,115200", "iommu=pt"]))
    var scripts = ["boot": first, own: node, image: "#!ipxe\nkernel http://h/vmlinuz ${consoles} ${nodeargs}\nboot\n"]
    missing.map { scripts[$0] = nil }
    return IPXEInterpreterTests.Web(scripts, files: ["http://h/vmlinuz"])
  }

  private static func run(_ web: IPXEInterpreterTests.Web) async throws -> IPXEOutcome {
    let lease = try #require(
      DHCPLease(environment: "ip=10.1.1.1\nsubnet=255.255.0.0\nmask=16\nboot_file=x\nsiaddr=10.1.0.10\n"))
    let mac = try #require(MACAddress("52:54:00:11:00:0a"))
    var interpreter = IPXEInterpreter(
      platform: web, settings: IPXESettings(card: "net0", lease: lease, mac: mac, uuid: "u"))
    return try await interpreter.run("boot")
  }

  @Test func aNodeIsToldHowOftenItReports() async throws {
    guard case .boot(_, let arguments) = try await Self.run(try Self.web()) else {
      Issue.record("it does not boot")
      return
    }
    // The last console is /dev/console, and nothing of ours comes behind it.
    #expect(arguments.filter { $0.hasPrefix("console=") } == ["console=ttyS1,115200"])
    #expect(arguments.contains("iommu=pt"))
    #expect(arguments.contains("cluster.report=60") && arguments.contains("cluster.ip=10.1.1.1/16"))
  }

  @Test(arguments: [own, image]) func aHeadThatIsAwayForAMomentIsAskedAgain(_ missing: String) async throws {
    let web = try Self.web(without: missing)
    web.late = (missing, try #require(try Self.web().scripts[missing]), 3)

    guard case .boot = try await Self.run(web) else {
      Issue.record("it does not boot")
      return
    }
    #expect(web.pauses == 3)
  }

  @Test(arguments: [own, image]) func aMachineThatNobodyAnswersStartsOver(_ missing: String) async throws {
    let web = try Self.web(without: missing)

    #expect(try await Self.run(web) == .reboot)
    #expect(web.pauses == 23)
  }
}
