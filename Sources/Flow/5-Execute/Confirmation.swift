// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Confirms a change that can cut the way to its host, over connections made for that, until the host says what became
/// of it.
struct Confirmation<C: Clock>: Sendable where C.Duration == Duration {
  let executor: Executor<C>
  let step: Step
  let token: RunToken

  /// The result of the change.
  ///
  /// - Throws: the host's answer when it never began the change, and so it may be tried again.
  func settle() async throws(AgentError) -> StepReport.Result {
    let change = try PendingChange.ID(run: token.run, operation: step.operation)
    guard let host = executor.hosts[step.host] else { throw .noConnection(to: step.host) }
    let window = Duration.seconds(token.confirmSeconds)
    let began = executor.clock.now
    let end = began.advanced(by: window + executor.policy.undoneWithin)
    var attempt = 1
    while true {
      do throws(AgentError) {
        return .done(try await once(host, change))
      } catch {
        if error.code == .rolledBack { return .rolledBack(error) }
        if error.code == .notFound { throw error }
        guard executor.clock.now < end else { return .unknown(silent(error)) }
        executor.events?.yield(
          .unconfirmed(step.id, error, undoneIn: max(.zero, window - began.duration(to: executor.clock.now))))
      }
      await pause(attempt)
      attempt += 1
    }
  }

  private func once(_ host: any ManagedHost, _ change: PendingChange.ID) async throws(AgentError) -> Outcome {
    let limit = Duration.seconds(20)
    return try await withDeadline(
      limit, clock: executor.clock,
      orThrow: AgentError(
        .deadline, "\(step.host) took no new connection within \(limit)", next: "Wait for the host to undo it.")
    ) { [token] () throws(AgentError) in try await host.confirm(change, run: token) }
  }

  /// Short at first: mostly the host answers at once, and there is little time.
  private func pause(_ attempt: Int) async {
    let time = min(Duration.milliseconds(250) * (1 << min(attempt, 4)), .seconds(3))
    try? await executor.clock.sleep(until: executor.clock.now.advanced(by: time), tolerance: nil)
  }

  private func silent(_ error: AgentError) -> AgentError {
    AgentError(
      error.code, "\(step.host) does not answer since \(step.operation.name) \(step.operation.target)",
      cause: error.description,
      next: "The host undoes the change \(token.confirmSeconds) s after it began, and again when it "
        + "boots. Check its console and `journalctl --unit 'cluster-undo-*'`, or power-cycle it; then "
        + "apply again.")
  }
}

extension AgentError {
  /// Whether what was asked for may have been done, or may still be.
  var leavesOpen: Bool { isTransient || code == .deadline || code == .cancelled || code == .conflict }
}
