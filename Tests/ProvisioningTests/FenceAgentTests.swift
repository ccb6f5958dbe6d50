// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing
import Wings

@testable import AgentServer

/// A fence agent that switches a node: what it is told, and what its statuses mean. No device can be made to refuse in
/// all these ways, so the agent is a script here; the lab has real ones.
@Suite struct FenceAgentTests {
  private static let agent = FenceAgent(
    name: "fence_apc_snmp", parameters: ["ip": "10.3.0.9", "plug": "4"], secrets: ["community": SecretRef("pdu")])

  /// A script that keeps what it is told, says some words, and ends with a status.
  private static func with(
    says words: String, status: Int, _ body: (any MachinePower, URL) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "agent-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let program = folder.appending(path: "fence"), told = folder.appending(path: "told")
    try "#!/bin/sh\ncat >'\(told.path)'; echo \"$#\" >>'\(told.path)'\necho '\(words)'\nexit \(status)\n".write(
      to: program, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
    let bmc = try #require(BMC(agent: agent))
    let words = agent.parameters.merging(["community": "private word"]) { $1 }
    try await body(FenceAgentControl(bmc, agent: program.path, told: words), told)
  }

  @Test func itIsToldOnStandardInput() async throws {
    try await Self.with(says: "Status: ON", status: 0) { power, told in
      #expect(try await power.status() == .on)
      let lines = try String(contentsOf: told, encoding: .utf8).split(separator: "\n")
      #expect(lines == ["action=status", "community=private word", "ip=10.3.0.9", "plug=4", "0"])
      try await power.order(.off)
      #expect(try String(contentsOf: told, encoding: .utf8).hasPrefix("action=off\n"))
    }
    try await Self.with(says: "Status: OFF", status: 2) { (power, _) async throws in
      let state = try await power.status()
      #expect(state == .off)
    }
  }

  @Test(arguments: [
    (2, AgentError.Code.commandFailed), (1, .commandFailed), (3, .bmcAuthentication), (5, .bmcUnreachable),
    (11, .bmcPrivilege),
  ])
  func whatItRefusesIsToldApart(_ status: Int, _ code: AgentError.Code) async throws {
    try await Self.with(says: "Please use -h for usage", status: status) { power, _ in
      let error = await #expect(throws: AgentError.self) { try await power.status() }
      #expect(error?.code == code)
    }
  }

  @Test func outletsOfOneStripAreToldApart() throws {
    var other = Self.agent
    other.parameters["plug"] = "5/2"
    let (first, second) = (try #require(BMC(agent: Self.agent)), try #require(BMC(agent: other)))
    #expect(first.key == "10.3.0.9-fence_apc_snmp-plug=4" && second.key == "10.3.0.9-fence_apc_snmp-plug=5%2f2")
    #expect(first.secrets == [SecretRef("pdu")])
    other.parameters["ip"] = "strip"
    #expect(BMC(agent: other) == nil)
  }
}
