// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Synchronization

/// A running agent, reached through the standard streams of a program: `ssh … serve`, or the agent itself.
package final class AgentConnection: Sendable {
  private let link: AgentLink
  private let process: Task<Void, Never>

  /// - Parameters:
  ///   - catalog: what may be in a reply.
  ///   - explain: what the program's end means; nil when it means nothing but that the connection is gone.
  package init(
    _ program: String, _ arguments: [String], catalog: WireCatalog,
    explain: @escaping @Sendable (StreamProcess.Ending) -> AgentError?
  ) {
    let link = AgentLink()
    let decoder = DecoderBox(catalog)
    let running = StreamProcess.start(program, arguments, input: link.outbox) { (bytes) throws(AgentError) in
      do throws(AgentError) { try decoder.take(bytes, link) } catch {
        link.close(error)
        throw error
      }
    }
    self.link = link
    process = Task {
      let ending = await withTaskCancellationHandler {
        await running.value
      } onCancel: {
        running.cancel()
      }
      let said = ending.errorText.split(whereSeparator: \.isNewline).suffix(4).joined(separator: "\n")
      link.close(
        ending.failure ?? explain(ending)
          ?? AgentError(
            .connectionLost, "The connection to the agent ended",
            cause: said.isEmpty ? "status \(ending.status)" : said,
            next: "Check that the host is up and reachable, then run the command again. It first checks the "
              + "steps that were in progress."))
    }
  }

  var isOpen: Bool { link.closed == nil }

  /// Waits until the agent has said hello.
  package func greeting(within deadline: Duration) async throws(AgentError) -> AgentHello {
    let timer = Task {
      do { try await ContinuousClock().sleep(for: deadline) } catch { return }
      link.close(
        AgentError(
          .deadline, "The agent did not say hello within \(deadline)",
          next: "Check the load on the host, then try again."
        ))
      process.cancel()
    }
    defer { timer.cancel() }
    return try await link.greeting()
  }

  /// Ends it: the agent's input ends, so that it finishes what it is at. Whoever waits gets `.connectionLost`.
  package func close() async {
    link.close(
      AgentError(.connectionLost, "The connection to the agent was closed", next: "Run the command again."))
    let timer = Task {
      // The agent may be in the middle of an operation, which it goes on with; we need not wait for that.
      do { try await ContinuousClock().sleep(for: .seconds(2)) } catch { return }
      process.cancel()
    }
    await process.value
    timer.cancel()
  }

  package func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    let hello = try await link.greeting()
    let known = Set(hello.probes)
    if let unknown = probes.first(where: { !known.contains($0.name) }) {
      throw AgentError(
        .protocolMismatch, "The agent on \(hello.host) cannot answer the probe \(unknown.name)",
        next: "It is of another version: put the `cluster-agent` that was built with this `cluster` beside it.")
    }
    let reply = try await link.ask(.answer(probes, secrets), deadline: .seconds(180))
    guard case .answers(let answers) = reply, answers.count == probes.count else { throw unexpected() }
    return Dictionary(zip(probes, answers), uniquingKeysWith: { first, _ in first })
  }

  func operations() async throws(AgentError) -> Set<String> { Set(try await link.greeting().operations) }

  /// The deadline is only the last resort: an operation has its own, which the executor keeps.
  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    let reply = try await link.ask(
      .perform(operation, secrets, run), deadline: .seconds(2 * 3600), progress: progress)
    guard case .outcome(let outcome) = reply else { throw unexpected() }
    return outcome
  }

  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    guard case .outcome(let outcome) = try await link.ask(.confirm(change, run), deadline: .seconds(30)) else {
      throw unexpected()
    }
    return outcome
  }

  func lease() async throws(AgentError) -> LeaseState {
    guard case .lease(let state) = try await link.ask(.lease, deadline: .seconds(30)) else { throw unexpected() }
    return state
  }

  func claim(_ run: RunToken) async throws(AgentError) {
    guard case .done = try await link.ask(.claim(run), deadline: .seconds(30)) else { throw unexpected() }
  }

  func release(_ run: RunToken) async throws(AgentError) {
    guard case .done = try await link.ask(.release(run), deadline: .seconds(30)) else { throw unexpected() }
  }

  private func unexpected() -> AgentError {
    let error = AgentError.mismatch("The agent's reply does not fit the request")
    link.close(error)
    process.cancel()
    return error
  }
}

private final class DecoderBox: Sendable {
  private let decoder: Mutex<FrameDecoder>

  init(_ catalog: WireCatalog) { decoder = Mutex(FrameDecoder(catalog)) }

  func take(_ bytes: [UInt8], _ link: AgentLink) throws(AgentError) {
    decoder.withLock { $0.push(bytes) }
    while let message = try next() { try link.take(message) }
  }

  private func next() throws(AgentError) -> AgentMessage? {
    let result = decoder.withLock { decoder -> Result<AgentMessage?, AgentError> in
      do throws(AgentError) { return .success(try decoder.next(AgentMessage.self)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
