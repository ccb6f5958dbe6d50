// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Logging
import Synchronization

/// An agent's end of a conversation: takes requests, works on them at once, answers each when it is done.
///
/// When the input ends — the client has gone, or the way to it — questions are dropped, and an operation in flight
/// runs to its end: cut in the middle it could leave the host in a state that nobody asked for, while a repeated
/// operation finds what was done. Its lease is kept alive meanwhile, so that no other run comes in between.
package final class AgentService: Sendable {
  private struct Work: Sendable {
    var task: Task<Void, Never>
    var isOperation: Bool
  }

  private struct State: Sendable {
    var work: [Int: Work] = [:]
    var newest = 0
    /// Cancelled before the request itself came.
    var cancelledEarly: Set<Int> = []
  }

  private let host: any ManagedHost
  private let catalog: WireCatalog
  private let output: FrameWriter
  private let log: Logger
  private let state = Mutex(State())

  private init(_ host: any ManagedHost, _ catalog: WireCatalog, _ output: FrameWriter, _ log: Logger) {
    self.host = host
    self.catalog = catalog
    self.output = output
    self.log = log
  }

  /// Returns when the input has ended and nothing is in flight any more.
  ///
  /// - Parameters:
  ///   - catalog: what the host can be asked for.
  ///   - log: hears of every change, and of who asked for it. Questions are not logged.
  /// - Throws: `.protocolMismatch` for input that is no conversation.
  package static func serve(
    _ host: any ManagedHost, catalog: WireCatalog = AgentCatalog.wire, input: Int32, output: Int32, log: Logger
  ) async throws(AgentError) {
    Command.ignoreBrokenPipes()
    let service = AgentService(host, catalog, FrameWriter(output), log)
    service.send(
      .hello(
        AgentHello(
          version: WireProtocol.version, host: host.id, probes: catalog.probes.names,
          operations: catalog.operations.names)))
    let result = await service.take(ByteStream.reading(input))
    await service.finish()
    try result.get()
  }

  private func take(_ input: AsyncStream<[UInt8]>) async -> Result<Void, AgentError> {
    var decoder = FrameDecoder(catalog)
    do throws(AgentError) {
      for await bytes in input {
        decoder.push(bytes)
        while let message = try decoder.next(ClientMessage.self) { take(message) }
      }
      guard decoder.isBetweenFrames else { throw .mismatch("The input ended within a frame") }
      return .success(())
    } catch {
      return .failure(error)
    }
  }

  private func take(_ message: ClientMessage) {
    switch message {
    case .request(let id, let request):
      state.withLock { state in
        state.newest = max(state.newest, id)
        let isOperation = if case .perform = request { true } else { false }
        // Registered before it can end, because it takes this lock to do so.
        let task = Task { [self] in
          let reply = await reply(to: request, id)
          send(.reply(id: id, reply))
          forget(id)
        }
        state.work[id] = Work(task: task, isOperation: isOperation)
        if state.cancelledEarly.remove(id) != nil { task.cancel() }
      }
    case .cancel(let id):
      state.withLock { state in
        if let work = state.work[id] {
          work.task.cancel()
        } else if id > state.newest, state.cancelledEarly.count < 1000 {
          state.cancelledEarly.insert(id)
        }
      }
    }
  }

  private func finish() async {
    let left = state.withLock { state in
      for work in state.work.values where !work.isOperation { work.task.cancel() }
      return state.work.values.map(\.task)
    }
    let operations = state.withLock { $0.work.values.count { $0.isOperation } }
    if operations > 0 {
      log.notice("the client has gone; what is in flight is finished", metadata: ["operations": "\(operations)"])
    }
    for task in left { await task.value }
    await output.flush()
  }

  private func forget(_ id: Int) { state.withLock { _ = $0.work.removeValue(forKey: id) } }

  private func send(_ message: AgentMessage) {
    do throws(AgentError) { output.send(try FrameDecoder.frame(message)) } catch {
      // Only an answer can be too large: then the client must hear that instead.
      guard case .reply(let id, _) = message,
        let frame = try? FrameDecoder.frame(AgentMessage.reply(id: id, .failed(error)))
      else { return }
      output.send(frame)
    }
  }

  private func reply(to request: WireRequest, _ id: Int) async -> WireReply {
    do throws(AgentError) {
      switch request {
      case .answer(let probes, let secrets):
        guard probes.count <= WireProtocol.probeLimit else {
          throw AgentError(
            .invalid, "\(probes.count) probes in one request are too many",
            next: "Ask at most \(WireProtocol.probeLimit) at once.")
        }
        let answers = try await host.answer(probes, secrets: secrets)
        return .answers(probes.map { answers[$0] ?? .failed(.unanswered) })
      case .perform(let operation, let secrets, let run):
        return try await logged(.info, operation.name, of: run, ["target": "\(operation.target)"]) {
          () throws(AgentError) in
          .outcome(
            try await host.perform(operation, secrets: secrets, run: run) { [self] line in
              send(.progress(id: id, line))
            })
        }
      case .confirm(let change, let run):
        return try await logged(.info, "confirm", of: run, ["change": "\(change)"]) { () throws(AgentError) in
          .outcome(try await host.confirm(change, run: run))
        }
      case .lease: return .lease(try await host.lease())
      case .claim(let run):
        // Renewed every few seconds.
        return try await logged(.debug, "claim the lease", of: run) { () throws(AgentError) in
          try await host.claim(run)
          return .done
        }
      case .release(let run):
        return try await logged(.info, "release the lease", of: run) { () throws(AgentError) in
          try await host.release(run)
          return .done
        }
      }
    } catch {
      return .failed(error)
    }
  }
}

extension AgentService {
  /// Does it, and logs how it ended, on whose behalf, and how long it took. Never what it carries: that may be secret.
  private func logged(
    _ level: Logger.Level, _ what: String, of run: RunToken, _ about: Logger.Metadata = [:],
    _ body: () async throws(AgentError) -> WireReply
  ) async throws(AgentError) -> WireReply {
    var log = log
    for (key, value) in about { log[metadataKey: key] = value }
    log[metadataKey: "run"] = "\(run.run)"
    log[metadataKey: "generation"] = "\(run.generation)"
    log[metadataKey: "holder"] = "\(run.holder)"
    let clock = ContinuousClock()
    let began = clock.now
    func taken() -> Logger.MetadataValue { "\(Int(began.duration(to: clock.now) / .milliseconds(1)))" }
    do throws(AgentError) {
      let reply = try await body()
      if case .outcome(let outcome) = reply {
        log[metadataKey: "changed"] = "\(outcome.changed)"
        log[metadataKey: "detail"] = "\(outcome.detail)"
      }
      log.log(level: level, "\(what)", metadata: ["ms": taken()])
      return reply
    } catch {
      // Who waits for the lease asks again and again.
      let level = error.code == .leaseHeld ? level : .warning
      log.log(
        level: level, "\(what) failed: \(error)", metadata: ["ms": taken(), "code": "\(error.code.rawValue)"])
      throw error
    }
  }
}
