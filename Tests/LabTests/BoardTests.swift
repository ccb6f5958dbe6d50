// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing
import Wings

@testable import Lab

/// Power of the lab as it is in a machine room: it goes with the links, and BMCs are slow, wrong or dead.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: geteuid() == 0, "labs need root"))
struct BoardTests {
  /// A system whose links are up while it dies says FIN or RST to its peers, and they know at once.
  @Test func powerIsLostWithoutAGoodbye() async throws {
    try await TestLab.with { lab in
      // Ends as soon as the head ends the connection; status 124 is timeout(1)'s own.
      let argv = lab.site.inside(["timeout", "6", "socat", "-u", "TCP:10.1.0.1:22", "STDOUT"])
      async let connection = Command.run(argv[0], Array(argv.dropFirst()), deadline: .seconds(20))
      let peers = lab.site.inside(["ss", "-Htn", "state", "established", "dst", "10.1.0.1:22"])
      try await Poll.until(.seconds(5), "the connection stands") { () throws(AgentError) in
        try await Command.run(peers[0], Array(peers.dropFirst())).text.contains(":22")
      }
      try await lab.power("head1", .off)
      #expect(try await connection.status == 124)
    }
  }

  @Test func aBMCTakesTimeToSwitchOff() async throws {
    try await TestLab.with { lab in
      try await lab.site.setBMC(of: "head1", BoardTraits(offAfter: 3))
      let clock = ContinuousClock()
      let start = clock.now
      #expect(try await lab.ipmi("head1", ["chassis", "power", "off"]).succeeded)
      #expect(try await lab.ipmi("head1", ["chassis", "power", "status"]).text.contains("is on"))
      try await Poll.until(.seconds(10), "it is off") { () throws(AgentError) in
        !PowerSwitch(try LabEntry.machine("head1", of: lab.site), of: lab.site).isOn
      }
      #expect(clock.now - start > .seconds(2.9))
    }
  }

  @Test func aBMCMayBelongToAnotherMachine() async throws {
    try await TestLab.with { lab in
      let own = try await lab.ipmi("head2", ["mc", "guid"]).text
      try await lab.site.setBMC(of: "head2", BoardTraits(chassisOf: "head1"))
      #expect(try await lab.ipmi("head2", ["chassis", "power", "status"]).text.contains("is on"))
      #expect(try await lab.ipmi("head2", ["mc", "guid"]).text == lab.ipmi("head1", ["mc", "guid"]).text)
      #expect(try await lab.ipmi("head2", ["mc", "guid"]).text != own)
      #expect(try await lab.ipmi("head2", ["chassis", "power", "off"]).succeeded)
      #expect(try await lab.ipmi("head1", ["chassis", "power", "status"]).text.contains("is off"))
    }
  }

  @Test func aBMCMayOnlyTell() async throws {
    try await TestLab.with { lab in
      try await lab.site.setBMC(of: "head1", BoardTraits(readOnly: true))
      #expect(try await !lab.ipmi("head1", ["chassis", "power", "off"]).succeeded)
      #expect(try await lab.ipmi("head1", ["chassis", "power", "status"]).text.contains("is on"))
    }
  }

  /// ipmi_sim knows suite 3, and refuses 17, as BMCs of some years ago do.
  @Test func aFenceAgentTakesTheCipherSuiteThatTheBMCTakes() async throws {
    try await TestLab.with { lab in
      let bmc = try #require(try lab.machine("head1").bmc)
      func fence(_ bmc: BMC, _ words: [String]) async throws -> CommandResult {
        let password = "\(lab.site.secretsDirectory)/\(bmc.password.name)"
        let duel = FencingDuel(target: .init(bmc: bmc, passwordFile: password), own: nil, order: 0)
        let program = "\(lab.folder)/fence"
        try Data(IPMI.fenceProgram(duel).utf8).write(to: URL(filePath: program))
        let argv = lab.site.inside(
          ["sh", program, "-I", "lanplus", "-H", "\(bmc.address)", "-U", bmc.user, "-P", "none"] + words)
        return try await Command.run(argv[0], Array(argv.dropFirst()), deadline: .seconds(30))
      }
      let found = try await fence(bmc, ["chassis", "power", "status"])
      #expect(found.succeeded && found.text.contains("is on"), "\(found.errorText)")
      var newer = bmc
      newer.cipher = 17
      let refused = try await fence(newer, ["chassis", "power", "status"])
      let device = IPMI.fence("head1", newer)
      #expect(!refused.succeeded && IPMI.failure(of: device, saying: refused.errorText).code == .bmcCipher)
      #expect(try await fence(bmc, ["chassis", "power", "off"]).succeeded)
      #expect(try await fence(bmc, ["chassis", "power", "status"]).text.contains("is off"))
    }
  }

  @Test func theBMCDiesWithTheMains() async throws {
    try await TestLab.with { lab in
      try await lab.power("head1", .mainsOff)
      #expect(try await !lab.ipmi("head1", ["-N", "1", "-R", "1", "chassis", "power", "status"]).succeeded)
      await #expect(throws: AgentError.self) { try await lab.power("head1", .on) }

      try await lab.power("head1", .mainsOn)
      #expect(try await lab.ipmi("head1", ["chassis", "power", "status"]).text.contains("is off"))
      #expect(try await lab.ipmi("head1", ["chassis", "power", "on"]).succeeded)
      try await lab.site.awaitSSH(of: try lab.machine("head1"))
    }
  }
}
