// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Synchronization

/// Somebody who waits for the answer to one request. The first answer counts.
final class Reply<Value: Sendable>: Sendable {
  typealias Answer = Result<Value, AgentError>
  private enum State { case new, waiting(CheckedContinuation<Answer, Never>), answered }
  private let state = Mutex<(state: State, early: Answer?)>((.new, nil))

  func callAsFunction(_ answer: Answer) {
    let continuation = state.withLock { state -> CheckedContinuation<Answer, Never>? in
      switch state.state {
      case .waiting(let continuation):
        state.state = .answered
        return continuation
      case .new:
        state.early = state.early ?? answer
        return nil
      case .answered: return nil
      }
    }
    continuation?.resume(returning: answer)
  }

  func wait() async -> Answer {
    await withCheckedContinuation { continuation in
      let early = state.withLock { state -> Answer? in
        if let early = state.early {
          state.state = .answered
          return early
        }
        state.state = .waiting(continuation)
        return nil
      }
      if let early { continuation.resume(returning: early) }
    }
  }
}
