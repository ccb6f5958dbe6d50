// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Synchronization

/// The client's end of one conversation with an agent, apart from how the bytes travel: requests that wait for their
/// replies, by number.
///
/// Once closed it stays closed, and every request, waiting or new, fails with the reason.
final class AgentLink: Sendable {
  private struct Waiting: Sendable {
    let continuation: CheckedContinuation<Result<WireReply, AgentError>, Never>
    let progress: @Sendable (String) -> Void
  }

  private struct State: Sendable {
    var next = 1
    var waiting: [Int: Waiting] = [:]
    var hello: AgentHello?
    var greeted: [CheckedContinuation<Result<AgentHello, AgentError>, Never>] = []
    var closed: AgentError?
  }

  private let state = Mutex(State())
  /// Frames on their way out, in order.
  let outbox: AsyncStream<[UInt8]>
  private let send: AsyncStream<[UInt8]>.Continuation

  init() { (outbox, send) = AsyncStream.makeStream() }

  var closed: AgentError? { state.withLock { $0.closed } }

  /// Sends a request and waits for its reply. When the task is cancelled, or at the deadline, the agent is told to
  /// stop; after a cancellation its answer is awaited for a while, because what it did until then should be known.
  func ask(
    _ request: WireRequest, deadline: Duration, progress: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws(AgentError) -> WireReply {
    if Task.isCancelled { throw .cancelledRequest }
    let id = state.withLock { state in
      defer { state.next += 1 }
      return state.next
    }
    let frame = try FrameDecoder.frame(ClientMessage.request(id: id, request))
    let timer = expire(
      id, after: deadline,
      AgentError(
        .deadline, "The agent did not answer within \(deadline)", next: "Check the load on the host, then try again."))
    defer { timer.cancel() }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let closed = state.withLock { state -> AgentError? in
          if let closed = state.closed { return closed }
          state.waiting[id] = Waiting(continuation: continuation, progress: progress)
          return nil
        }
        if let closed { continuation.resume(returning: .failure(closed)) } else { send.yield(frame) }
      }
    } onCancel: {
      stop(id)
      expire(id, after: .seconds(15), .cancelledRequest)
    }
    let reply = try result.get()
    if case .failed(let error) = reply { throw error }
    return reply
  }

  private func stop(_ id: Int) {
    // A dozen bytes: it always fits.
    if let frame = try? FrameDecoder.frame(ClientMessage.cancel(id: id)) { send.yield(frame) }
  }

  @discardableResult
  private func expire(_ id: Int, after time: Duration, _ error: AgentError) -> Task<Void, Never> {
    Task {
      do { try await ContinuousClock().sleep(for: time) } catch { return }
      guard let waiting = state.withLock({ $0.waiting.removeValue(forKey: id) }) else { return }
      stop(id)
      waiting.continuation.resume(returning: .failure(error))
    }
  }

  /// Waits for the agent's first message.
  func greeting() async throws(AgentError) -> AgentHello {
    let result = await withCheckedContinuation { continuation in
      let known = state.withLock { state -> Result<AgentHello, AgentError>? in
        if let closed = state.closed { return .failure(closed) }
        if let hello = state.hello { return .success(hello) }
        state.greeted.append(continuation)
        return nil
      }
      if let known { continuation.resume(returning: known) }
    }
    return try result.get()
  }

  /// Takes one message from the agent.
  func take(_ message: AgentMessage) throws(AgentError) {
    switch message {
    case .hello(let hello):
      guard hello.version == WireProtocol.version else {
        throw .mismatch("The agent speaks version \(hello.version) of the protocol, not \(WireProtocol.version)")
      }
      let waiting = state.withLock { state in
        state.hello = hello
        defer { state.greeted = [] }
        return state.greeted
      }
      for continuation in waiting { continuation.resume(returning: .success(hello)) }
    case .progress(let id, let line):
      // One that was answered already has nobody left to tell.
      state.withLock { $0.waiting[id] }?.progress(line)
    case .reply(let id, let reply):
      state.withLock { $0.waiting.removeValue(forKey: id) }?.continuation.resume(returning: .success(reply))
    }
  }

  /// Ends it: every request that waits fails with `error`, and so does each later one.
  func close(_ error: AgentError) {
    let (waiting, greeted) = state.withLock { state in
      if state.closed == nil { state.closed = error }
      defer {
        state.waiting = [:]
        state.greeted = []
      }
      return (Array(state.waiting.values), state.greeted)
    }
    send.finish()
    for one in waiting { one.continuation.resume(returning: .failure(error)) }
    for continuation in greeted { continuation.resume(returning: .failure(error)) }
  }
}

extension AgentError {
  fileprivate static let cancelledRequest = AgentError(
    .cancelled, "The request was cancelled before it was answered", next: "Run the command again.")
}
