// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// One multiplexed connection, ssh's ControlMaster, with the agent's conversation in it.
///
/// The master runs cat(1) on the other side: its echo shows that the connection stands, and when this program dies,
/// cat's input ends and with it everything else, so that nothing is left over.
struct SSHConnection: Sendable {
  let agent: AgentConnection
  let program: SSHProgram
  private let master: Task<StreamProcess.Ending, Never>
  private let hold: AsyncStream<[UInt8]>.Continuation

  static func open(_ program: SSHProgram, _ binary: AgentBinary) async -> Result<SSHConnection, AgentError> {
    do throws(AgentError) {
      let digest = try await binary.digest()
      try FileSystem.makeFolder(program.runDirectory, mode: 0o700)
      let (master, hold) = try await startMaster(program)
      do throws(AgentError) {
        let agent = try await startAgent(program, binary, digest)
        return .success(SSHConnection(agent: agent, program: program, master: master, hold: hold))
      } catch {
        await end(program, master, hold)
        throw error
      }
    } catch {
      return .failure(error)
    }
  }

  /// A connection of its own for one conversation with the agent, which is on the host already.
  static func alone<Value: Sendable>(
    _ program: SSHProgram, _ binary: AgentBinary,
    _ body: (AgentConnection) async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    let agent = program.agent(try await binary.digest())
    let connection = AgentConnection(
      "ssh", program.alone(program.asRoot([agent, "serve", "--host", program.host.name])), catalog: binary.catalog
    ) { ending in
      // ssh's own status for a connection that never stood.
      ending.status == 255
        ? program.explain(ending.errorText) : program.explainSudo(ending.status, ending.errorText)
    }
    let result: Result<Value, AgentError>
    do throws(AgentError) {
      _ = try await connection.greeting(within: .seconds(15))
      result = .success(try await body(connection))
    } catch { result = .failure(error) }
    await connection.close()
    return try result.get()
  }

  func close() async {
    await agent.close()
    await Self.end(program, master, hold)
  }

  private static func end(
    _ program: SSHProgram, _ master: Task<StreamProcess.Ending, Never>, _ hold: AsyncStream<[UInt8]>.Continuation
  ) async {
    hold.finish()
    // Sessions that hang would keep the master waiting; it may also be gone already, which is just as well.
    _ = try? await Command.run("ssh", program.exit(), deadline: .seconds(5))
    master.cancel()
    _ = await master.value
    // Another host's socket may still be in it.
    FileSystem.removeFolderIfEmpty(program.runDirectory)
  }

  private static func startMaster(
    _ program: SSHProgram
  ) async throws(AgentError) -> (Task<StreamProcess.Ending, Never>, AsyncStream<[UInt8]>.Continuation) {
    let (input, hold) = AsyncStream<[UInt8]>.makeStream()
    let (echoes, echo) = AsyncStream<Void>.makeStream()
    hold.yield(Array("cluster\n".utf8))
    let master = StreamProcess.start("ssh", program.master(["cat"]), input: input) { _ in echo.yield() }
    let ended = Task {
      _ = await master.value
      echo.finish()
    }
    // ssh's own ConnectTimeout does not cover a server that stops answering after the first packets.
    let timer = Task {
      do { try await ContinuousClock().sleep(for: .seconds(20)) } catch { return }
      echo.finish()
    }
    var echoed = echoes.makeAsyncIterator()
    let stands = await echoed.next() != nil
    timer.cancel()
    ended.cancel()
    if stands { return (master, hold) }
    hold.finish()
    master.cancel()
    let ending = await master.value
    throw ending.failure ?? program.explain(ending.errorText)
  }

  private static func startAgent(
    _ program: SSHProgram, _ binary: AgentBinary, _ digest: String
  ) async throws(AgentError) -> AgentConnection {
    do throws(AgentError) {
      return try await serve(program, digest, binary.catalog)
    } catch {
      guard error.code == .notFound else { throw error }
    }
    try await AgentCopy(program: program, binary: binary, digest: digest).copy()
    do throws(AgentError) {
      return try await serve(program, digest, binary.catalog)
    } catch {
      guard error.code == .notFound else { throw error }
      // It is there now, so it is the program's interpreter that is not: another architecture or C library.
      throw AgentError(
        .invalid, "The agent cannot run on \(program.host)", cause: error.cause,
        next: "Build the agent for \(program.host)'s architecture (`uname -m`) and a C library no newer than its own.")
    }
  }

  /// `.notFound` when the agent is not there or not executable.
  private static func serve(
    _ program: SSHProgram, _ digest: String, _ catalog: WireCatalog
  ) async throws(AgentError) -> AgentConnection {
    let connection = AgentConnection(
      "ssh", program.session(program.asRoot([program.agent(digest), "serve", "--host", program.host.name])),
      catalog: catalog
    ) { ending in
      if let refusal = program.explainSudo(ending.status, ending.errorText) { return refusal }
      let said = ending.errorText.split(whereSeparator: \.isNewline).suffix(3).joined(separator: "\n")
      switch ending.status {
      // A shell's words for a program it cannot start: 127 not there, 126 not executable.
      case 126 where said.contains("Exec format"), 127 where said.contains("shared librar"):
        return AgentError(
          .invalid, "The agent cannot run on \(program.host)", cause: said,
          next: "Build the agent for \(program.host)'s architecture, with `--static-swift-stdlib`, and check "
            + "that its libstdc++6 and libgcc-s1 are installed.")
      case 126, 127:
        return AgentError(
          .notFound, "The agent is not on \(program.host)", cause: said, next: "Copy the agent to the host.")
      default: return nil
      }
    }
    do throws(AgentError) {
      _ = try await connection.greeting(within: .seconds(20))
      return connection
    } catch {
      await connection.close()
      throw error
    }
  }
}
