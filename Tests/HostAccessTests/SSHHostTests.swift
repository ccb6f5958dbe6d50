// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing
import Wings

/// Against a real sshd and the real agent; on this machine, so only questions are asked of it.
@Suite(.enabled(if: SSHServer.isPossible), .serialized)
struct SSHHostTests {
  @Test func copiesTheAgentOnceAndAsksItThroughOneConnection() async throws {
    let server = try await SSHServer()
    let host = server.host()

    let answers = try await withThrowingTaskGroup(of: [AnyProbe: AnyAnswer].self) { group in
      for _ in 0..<10 {
        group.addTask {
          try await host.answer(
            [AnyProbe(SystemProbe()), AnyProbe(FileProbe("/etc/passwd", contents: false))], secrets: Secrets())
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }

    #expect(answers.count == 10)
    for answer in answers {
      let state = try answer[AnyProbe(SystemProbe())]?.value(of: SystemProbe.self)
      #expect(state?.operatingSystem.isEmpty == false)
    }
    #expect(try FileSystem.names(in: server.agentFolder).count == 1)
    await host.close()
    #expect(try FileSystem.entry(server.folder.path + "/run") == nil)
    let closed = await #expect(throws: AgentError.self) { try await host.lease() }
    #expect(closed?.code == .connectionLost)

    // A new connection finds the agent there.
    let before = try FileSystem.entry(server.agentFolder + "/" + FileSystem.names(in: server.agentFolder)[0])
    let other = server.host()
    _ = try await other.answer(SystemProbe())
    let after = try FileSystem.entry(server.agentFolder + "/" + FileSystem.names(in: server.agentFolder)[0])
    #expect(before?.changed == after?.changed)
    await other.close()
  }

  @Test func aDamagedOrPlainFileInTheAgentsPlaceIsReplaced() async throws {
    let server = try await SSHServer()
    let digest = try await Command.checked("sha256sum", [AgentProgram.path], next: "").text.prefix(16)
    _ = try server.folder.write("not executable", "agents/agent-\(digest)", mode: 0o644)
    let host = server.host()

    #expect(try await !host.answer(SystemProbe()).hostname.isEmpty)

    await host.close()
  }

  /// Before anything is planned: nobody mistakes its silence about a new probe for absence.
  @Test func anAgentThatCannotAnswerAProbeIsNotAsked() async throws {
    let server = try await SSHServer()
    let hello = AgentHello(version: WireProtocol.version, host: "head1", probes: ["file"], operations: ["ensureFile"])
    let frame = try FrameDecoder.frame(AgentMessage.hello(hello))
    _ = try server.folder.write(String(decoding: frame, as: UTF8.self), "hello")
    let old = try server.folder.write(
      "#!/bin/sh\ncat \(server.folder.path)/hello; exec cat > \(server.folder.path)/requests\n", "old", mode: 0o755)
    let host = server.host(agent: old)

    let error = await #expect(throws: AgentError.self) { try await host.answer(SystemProbe()) }

    #expect(error?.code == .protocolMismatch && error?.message.contains("system") == true)
    #expect(error?.next.contains("cluster-agent") == true)
    #expect((try? FileSystem.text(server.folder.path + "/requests")) ?? "" == "")
    await host.close()
  }

  @Test func allThatWaitsHearsOfALostConnection() async throws {
    let server = try await SSHServer()
    // Says hello, takes every request, and answers none.
    let hello = try FrameDecoder.frame(
      AgentMessage.hello(
        AgentHello(version: WireProtocol.version, host: "head1", probes: [], operations: ["ensureFile"])))
    _ = try server.folder.write(String(decoding: hello, as: UTF8.self), "hello")
    let mute = try server.folder.write(
      "#!/bin/sh\ncat \(server.folder.path)/hello; exec cat > \(server.folder.path)/requests\n", "mute", mode: 0o755)
    let host = server.host(agent: mute)
    #expect(try await host.operations() == ["ensureFile"])
    let waiting = (0..<5).map { _ in Task { await failure { _ = try await host.lease() } } }
    let asked = try await eventually {
      (try? FileSystem.text(server.folder.path + "/requests"))?.contains(#"{"request":{"_1":{"lease":{}},"id":5}}"#)
        == true
    }
    #expect(asked)

    try await server.cut()

    for task in waiting {
      let error = await task.value
      #expect(error?.code == .connectionLost)
      #expect(error?.next.contains("run the command again") == true)
    }
    // The next call tries anew, and finds nobody.
    let later = await failure { _ = try await host.lease() }
    #expect(later?.code == .unreachable)
    await host.close()
  }

  /// A head that was fenced and is back has said nothing: its agent is gone when it is asked next.
  @Test func aQuestionOverADeadConnectionIsAskedAnew() async throws {
    let server = try await SSHServer()
    let hello = try FrameDecoder.frame(
      AgentMessage.hello(
        AgentHello(version: WireProtocol.version, host: "head1", probes: ["system"], operations: ["ensureFile"])))
    _ = try server.folder.write(String(decoding: hello, as: UTF8.self), "hello")
    let folder = server.folder.path
    let mortal = try server.folder.write(
      """
      #!/bin/sh
      if mkdir \(folder)/once 2>/dev/null; then cat \(folder)/hello; exec head -c 1 > /dev/null; fi
      exec \(AgentProgram.path) "$@"

      """, "mortal", mode: 0o755)
    let host = server.host(agent: mortal)
    #expect(try await host.operations() == ["ensureFile"])

    #expect(try await !host.answer(SystemProbe()).hostname.isEmpty)

    await host.close()
  }

  @Test func saysThatNobodyListens() async throws {
    let server = try await SSHServer()
    server.stop()

    let error = await failure { _ = try await server.host().lease() }

    #expect(error?.code == .unreachable)
    #expect(error?.cause?.contains("Connection refused") == true)
  }

  @Test func saysThatTheKeyIsRefused() async throws {
    let server = try await SSHServer()
    try server.configure(key: "other_key")

    let error = await failure { _ = try await server.host().lease() }

    #expect(error?.code == .authentication)
    #expect(error?.next.contains("authorized_keys") == true)
  }

  @Test func saysThatTheHostKeyIsUnknown() async throws {
    let server = try await SSHServer()
    try server.configure(knownHosts: "none")

    #expect(await failure { _ = try await server.host().lease() }?.code == .hostKey)
  }

  @Test func saysThatTheHostKeyHasChanged() async throws {
    let server = try await SSHServer()
    let other = try String(contentsOfFile: server.folder.path + "/other_key.pub", encoding: .utf8)
    _ = try server.folder.write("[127.0.0.1]:\(server.port) \(other)", "changed")
    try server.configure(knownHosts: "changed")

    let error = await failure { _ = try await server.host().lease() }

    #expect(error?.code == .hostKey)
    #expect(error?.next.contains("ssh-keygen -R") == true)
  }

  @Test func saysThatTheAgentCannotRunThere() async throws {
    let server = try await SSHServer()
    // An ELF header of no machine that there is.
    let path = try server.folder.write("\u{7f}ELF" + String(repeating: "x", count: 200), "strange", mode: 0o755)

    let error = await failure { _ = try await server.host(agent: path).lease() }

    #expect(error?.code == .invalid)
    #expect(error?.next.contains("architecture") == true)
  }

  @Test func saysThatTheAgentWasNotBuilt() async throws {
    let server = try await SSHServer()

    let error = await failure { _ = try await server.host(agent: "/no/agent").lease() }

    #expect(error?.next.contains("make build") == true)
  }

  @Test func textBeforeTheFramesIsAMismatch() async throws {
    let server = try await SSHServer()
    let path = try server.folder.write("#!/bin/sh\necho Welcome to this machine\n", "chatty", mode: 0o755)

    let error = await failure { _ = try await server.host(agent: path).lease() }

    #expect(error?.code == .protocolMismatch)
    #expect(error?.cause?.contains("Welcome") == true)
  }

  private func failure(_ body: () async throws -> Void) async -> AgentError? {
    do { try await body() } catch { return error as? AgentError }
    return nil
  }

  private struct Unexpected: Error {}
}
