// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import InMemoryLogging
import Logging
import Synchronization
import TestKit
import Testing
import Wings

@testable import AgentServer

/// The service and a host that does what the test says, with pipes between.
@Suite(.timeLimit(.minutes(5)))
struct AgentServiceTests {
  static let token = RunToken(run: "r", generation: 1, holder: "test")

  @Test func greetsAndAnswersInAnyOrder() async throws {
    let host = SlowHost()
    let line = try Line(host)

    #expect(try await line.next() == "hello \(WireProtocol.version) slow")
    line.send(.request(id: 1, .perform(AnyOperation(EnsureHostname("wait")), Secrets(), Self.token)))
    line.send(.request(id: 2, .lease))
    #expect(try await line.next() == "progress 1 at it")
    #expect(try await line.next() == "reply 2 lease 7")
    host.letGo()
    #expect(try await line.next() == "reply 1 outcome done")

    #expect(await line.end() == nil)
  }

  @Test func aCancelledRequestIsStillAnswered() async throws {
    let line = try Line(SlowHost())
    _ = try await line.next()

    line.send(.request(id: 1, .perform(AnyOperation(EnsureHostname("wait")), Secrets(), Self.token)))
    _ = try await line.next()
    line.send(.cancel(id: 1))

    #expect(try await line.next() == "reply 1 failed cancelled")
    #expect(await line.end() == nil)
  }

  @Test func aCancellationThatComesFirstIsKept() async throws {
    let line = try Line(SlowHost())
    _ = try await line.next()

    line.send(.cancel(id: 1))
    line.send(.request(id: 1, .perform(AnyOperation(EnsureHostname("wait")), Secrets(), Self.token)))

    var last = try await line.next()
    if last.hasPrefix("progress") { last = try await line.next() }
    #expect(last == "reply 1 failed cancelled")
    #expect(await line.end() == nil)
  }

  @Test func anOperationOutlivesItsConnectionAndAQuestionDoesNot() async throws {
    let host = SlowHost()
    let line = try Line(host)
    _ = try await line.next()
    line.send(.request(id: 1, .perform(AnyOperation(EnsureHostname("wait")), Secrets(), Self.token)))
    line.send(.request(id: 2, .answer([AnyProbe(SystemProbe())], Secrets())))
    _ = try await line.next()
    #expect(try await eventually { host.questions.withLock { $0 } == 1 })

    line.closeInput()
    #expect(try await eventually { host.questions.withLock { $0 } == 0 })
    #expect(host.finished.withLock { $0 } == 0)
    host.letGo()

    #expect(await line.end() == nil)
    #expect(host.finished.withLock { $0 } == 1)
  }

  /// Who changed what, for the host's own journal; and nothing that may be secret.
  @Test func everyChangeIsLoggedAndNoSecret() async throws {
    let handler = InMemoryLogHandler()
    let host = SlowHost()
    let line = try Line(host, log: Logger(label: "test") { _ in handler })
    _ = try await line.next()
    let goal = SecretFileGoal(path: "/etc/s", secret: SecretRef("s"))
    let secrets = Secrets([SecretRef("s"): Array("swordfish".utf8)])

    host.letGo()
    line.send(.request(id: 1, .perform(AnyOperation(EnsureSecretFile(goal)), secrets, Self.token)))
    while try await line.next() != "reply 1 outcome done" {}
    line.send(.request(id: 2, .perform(AnyOperation(EnsureHostname("wait")), Secrets(), Self.token)))
    _ = try await line.next()
    line.send(.cancel(id: 2))
    #expect(await line.end() == nil)

    let entries = handler.entries
    try #require(entries.count >= 2)
    #expect(entries[0].level == .info && entries[0].message == "ensureSecretFile")
    #expect(entries[0].metadata["run"] == "r" && entries[0].metadata["holder"] == "test")
    #expect(entries[0].metadata["target"] == "/etc/s" && entries[0].metadata["changed"] == "true")
    #expect(entries.contains { $0.level == .warning && $0.metadata["code"] == "cancelled" })
    #expect(!"\(entries)".contains("swordfish"))
  }

  @Test func aLineOfTheJournalIsOneLine() {
    let line = JournalLog.line("failed: a\nb\u{0}c %s", ["what": "two words", "ms": "5", "none": ""])

    #expect(line == "failed: a␤b␤c %s ms=5 none=\"\" what=\"two words\"")
    #expect(Logger.Level.allCases.map(JournalLog.priority) == [7, 7, 6, 5, 4, 3, 2])
  }

  @Test func garbageEndsTheConversationWithAMismatch() async throws {
    var random = SeededGenerator()
    // Kept open: a service that gave up may still be about to read, and must not read from the next one's pipe.
    var lines: [Line] = []
    for _ in 0..<10 {
      let line = try Line(SlowHost())
      lines.append(line)
      line.write((0..<Int.random(in: 5...300, using: &random)).map { _ in UInt8.random(in: 1...255, using: &random) })

      let error = await line.end()

      #expect(error?.code == .protocolMismatch)
    }
  }
}

/// Waits where it is told to, until it is let go or cancelled.
private final class SlowHost: ManagedHost {
  let id: HostID = "slow"
  let finished = Mutex(0)
  let questions = Mutex(0)
  private let gate: AsyncStream<Void>
  private let open: AsyncStream<Void>.Continuation

  init() { (gate, open) = AsyncStream.makeStream() }

  func letGo() { open.yield() }

  func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    questions.withLock { $0 += 1 }
    try? await ContinuousClock().sleep(for: .seconds(600))
    questions.withLock { $0 -= 1 }
    return [:]
  }

  func operations() async throws(AgentError) -> Set<String> { Set(OperationCatalog.all.names) }

  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    progress("at it")
    for await _ in gate { break }
    if Task.isCancelled { throw AgentError(.cancelled, "cancelled", next: "") }
    finished.withLock { $0 += 1 }
    return Outcome(changed: true, detail: "done")
  }

  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    Outcome(changed: true, detail: "confirmed \(change)")
  }

  func lease() async throws(AgentError) -> LeaseState { LeaseState(newestGeneration: 7, holder: nil, secondsLeft: 0) }
  func claim(_ run: RunToken) async throws(AgentError) {}
  func release(_ run: RunToken) async throws(AgentError) {}
  func close() async {}
}

/// The client's end, in the words of the tests.
private final class Line {
  private let input = Pipe()
  private let output = Pipe()
  private let service: Task<AgentError?, Never>
  private var decoder = FrameDecoder(.all)

  init(_ host: any ManagedHost, log: Logger = .silent) throws {
    let (input, output) = (input.fileHandleForReading.fileDescriptor, output.fileHandleForWriting.fileDescriptor)
    service = Task {
      do throws(AgentError) { try await AgentService.serve(host, input: input, output: output, log: log) } catch {
        return error
      }
      return nil
    }
  }

  func send(_ message: ClientMessage) {
    if let frame = try? FrameDecoder.frame(message) { write(frame) }
  }

  func write(_ bytes: [UInt8]) { try? input.fileHandleForWriting.write(contentsOf: bytes) }
  func closeInput() { try? input.fileHandleForWriting.close() }

  /// Ends the input, and gives what the service said at the end.
  func end() async -> AgentError? {
    closeInput()
    // The service reads from these pipes until it ends.
    defer { withExtendedLifetime(self) {} }
    return await service.value
  }

  func next() async throws -> String {
    while true {
      if let message = try decoder.next(AgentMessage.self) { return Self.text(message) }
      // Off the concurrency pool, which the service needs.
      let handle = output.fileHandleForReading
      let bytes = await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: [UInt8](handle.availableData)) }
      }
      decoder.push(bytes)
    }
  }

  private static func text(_ message: AgentMessage) -> String {
    switch message {
    case .hello(let hello): "hello \(hello.version) \(hello.host)"
    case .progress(let id, let line): "progress \(id) \(line)"
    case .reply(let id, .outcome(let outcome)): "reply \(id) outcome \(outcome.detail)"
    case .reply(let id, .lease(let state)): "reply \(id) lease \(state.newestGeneration)"
    case .reply(let id, .failed(let error)): "reply \(id) failed \(error.code.rawValue)"
    case .reply(let id, .answers(let answers)): "reply \(id) answers \(answers.count)"
    case .reply(let id, .done): "reply \(id) done"
    }
  }
}
