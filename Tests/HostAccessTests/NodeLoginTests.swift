// SPDX-License-Identifier: Apache-2.0
import AgentServer
import ClusterModel
import Foundation
import Testing

@testable import HostAccess

/// A head logs in to a node, which is an sshd of the test's own.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: SSHServer.isPossible, "an sshd of its own needs root"))
struct NodeLoginTests {
  private static let node: HostID = "node001"
  private static let address = IPv4Address(bits: 0x7f00_0001)

  private struct Site {
    var server: SSHServer

    init() async throws {
      server = try await SSHServer()
      let key = try String(contentsOfFile: "\(server.folder.path)/host_key.pub", encoding: .utf8)
      _ = try server.folder.write("node001,node001.alps.example.org,127.0.0.1 \(key)", "nodes")
      _ = try server.folder.write("node002 \(key)", "others")
    }

    func login(key: String = "user_key", hostKeys: String = "nodes", port: Int? = nil, keeping: Int = 1 << 20)
      -> NodeLogin
    {
      let folder = server.folder.path
      return NodeLogin(
        key: "\(folder)/\(key)", hostKeys: "\(folder)/\(hostKeys)", port: port ?? server.port, keeping: keeping)
    }
  }

  private func run(
    _ argv: [String], _ login: NodeLogin, input: [UInt8] = [], deadline: Duration = .seconds(20)
  ) async throws -> NodeLogin.Ended {
    try await login.run(argv, on: Self.node, at: Self.address, input: input, deadline: deadline)
  }

  private func failure(
    _ login: NodeLogin, _ argv: [String] = ["true"], deadline: Duration = .seconds(20)
  ) async -> AgentError? {
    do throws(AgentError) {
      _ = try await login.run(argv, on: Self.node, at: Self.address, deadline: deadline)
      return nil
    } catch { return error }
  }

  @Test func wordsInputOutputAndStatusArriveAsTheyAre() async throws {
    let site = try await Site()
    let words = ["a b", "", "it's", "$HOME `id` \\ \"q\"", "line\nbreak", "*", "-n", "é"]
    let printed = try await run(["printf", "%s|"] + words, site.login())
    #expect(printed.succeeded && printed.stdout == Array(words.map { $0 + "|" }.joined().utf8))
    #expect(printed.stderr.isEmpty && !printed.isCut)

    let input = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    #expect(try await run(["cat"], site.login(), input: input).stdout == input)
    for (script, status) in [("exit 3", 3), ("exit 255", 254), ("kill -9 $$", 137)] as [(String, Int32)] {
      #expect(try await run(["sh", "-c", "echo why >&2; \(script)"], site.login()).status == status, "\(script)")
    }
    #expect(try await run(["/no/such/program"], site.login()).status == 127)
  }

  /// A repeated step finds it begun, and does not run it again.
  @Test func aProgramIsRunOnceForAName() async throws {
    let site = try await Site()
    let name = "test-\(UUID().uuidString)"
    defer { rmdir("/run/cluster-once-\(name)") }
    func once() async throws(AgentError) -> NodeLogin.Ended {
      try await site.login().run(
        ["sh", "-c", "exit 254"], on: Self.node, at: Self.address, once: name, deadline: .seconds(20))
    }
    #expect(try await once().status == 254)
    let again = await #expect(throws: AgentError.self) { try await once() }
    #expect(again?.code == .conflict && again?.message.contains("begun on node001 before") == true)
  }

  @Test func outputIsCutAndNotAnError() async throws {
    let site = try await Site()
    let long = try await run(["head", "-c", "5000000", "/dev/zero"], site.login(keeping: 1000))
    #expect(long.succeeded && long.isCut && long.stdout.count == 1000)
  }

  @Test func aProgramIsStoppedAtItsDeadline() async throws {
    let site = try await Site()
    let note = "\(site.server.folder.path)/pid"
    let late = await failure(
      site.login(), ["sh", "-c", "echo $$ > \(note); exec sleep 600"], deadline: .milliseconds(1500))
    #expect(late?.code == .deadline)
    let pid = try #require(Int32(try String(contentsOfFile: note, encoding: .utf8).filter(\.isNumber)))
    #expect(try await eventually { kill(pid, 0) != 0 }, "it is stopped there too")
  }

  /// Another key of the node, none that is known, a key that it does not take, nobody there: each is told apart.
  @Test func whyANodeIsNotReached() async throws {
    let site = try await Site()
    #expect(await failure(site.login(hostKeys: "others"))?.code == .hostKey)
    let other = try String(contentsOfFile: "\(site.server.folder.path)/other_key.pub", encoding: .utf8)
    _ = try site.server.folder.write("node001 \(other)", "changed")
    #expect(await failure(site.login(hostKeys: "changed"))?.code == .hostKey)
    #expect(await failure(site.login(key: "other_key"))?.code == .authentication)
    #expect(await failure(site.login(key: "no_key"))?.code == .authentication)
    #expect(await failure(site.login(port: 9))?.code == .unreachable)
  }
}
