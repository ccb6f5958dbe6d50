// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator
import Synchronization

/// The connection from one process to one machine of a `VirtualSite`.
package struct VirtualHost: ManagedHost {
  package let id: HostID
  private let process: SimulatedProcess
  private let site: VirtualSite

  package init(_ id: HostID, from process: SimulatedProcess, of site: VirtualSite) {
    self.id = id
    self.process = process
    self.site = site
  }

  package func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    try await site.answer(process, id, probes, secrets)
  }

  /// Known since the agent's hello, so nothing has to travel for it.
  package func operations() async throws(AgentError) -> Set<String> { Set(MemoryCatalog.operations.names) }

  package func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    try await site.perform(process, id, operation, secrets, run)
  }

  package func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    try await site.lease(process, id, "confirms a change under the", run) { (machine, context) throws(AgentError) in
      try machine.confirm(change, now: context.now)
    }
  }

  package func lease() async throws(AgentError) -> LeaseState {
    try await site.lease(process, id, "reads the", nil) { machine, context in
      var state = machine.lease.state(now: context.now)
      state.pending = machine.deadMan.pending(now: context.now)
      return state
    }
  }

  package func claim(_ run: RunToken) async throws(AgentError) {
    try await site.lease(process, id, "claims the", run) { (machine, context) throws(AgentError) in
      try machine.lease.claim(run, now: context.now, isAtWork: context.isAtWork)
    }
  }

  package func release(_ run: RunToken) async throws(AgentError) {
    try await site.release(process, id, run)
  }

  package func close() async {}
}

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
