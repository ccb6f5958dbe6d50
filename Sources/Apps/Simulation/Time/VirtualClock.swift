// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The time of an `EventLoop`.
package struct VirtualClock: Clock {
  package struct Instant: InstantProtocol {
    package var offset: Duration
    package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    package func duration(to other: Instant) -> Duration { other.offset - offset }
    package static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
  }

  private let loop: EventLoop

  package init(_ loop: EventLoop) { self.loop = loop }

  package var now: Instant { Instant(offset: loop.now) }
  package var minimumResolution: Duration { .nanoseconds(1) }

  package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    let sleeper = Sleeper()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        guard sleeper.begin(continuation) else { return continuation.resume(throwing: CancellationError()) }
        sleeper.timer(loop.after(deadline.offset - loop.now) { sleeper.take()?.resume() })
      }
    } onCancel: {
      let (continuation, timer) = sleeper.cancel()
      if let timer { loop.cancel(timer) }
      continuation?.resume(throwing: CancellationError())
    }
  }
}

/// One task that waits for a time, or for being cancelled, whichever is first.
private final class Sleeper: Sendable {
  typealias Continuation = CheckedContinuation<Void, any Error>
  private let state = Mutex<(continuation: Continuation?, timer: EventLoop.TimerID?, cancelled: Bool)>(
    (nil, nil, false))

  /// False when it has been cancelled before.
  func begin(_ continuation: Continuation) -> Bool {
    state.withLock { state in
      if state.cancelled { return false }
      state.continuation = continuation
      return true
    }
  }

  func timer(_ timer: EventLoop.TimerID) { state.withLock { $0.timer = timer } }

  func take() -> Continuation? {
    state.withLock { state in
      defer { state.continuation = nil }
      return state.continuation
    }
  }

  func cancel() -> (Continuation?, EventLoop.TimerID?) {
    state.withLock { state in
      state.cancelled = true
      defer { state.continuation = nil }
      return (state.continuation, state.timer)
    }
  }
}
