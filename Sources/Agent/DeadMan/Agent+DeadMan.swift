// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  package func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    try await deadMan.undoIfOverdue()
    return try await deadMan.confirm(change, run)
  }

  /// Does an operation, under the dead-man switch where it can cut the way to this host.
  func performGuarded(
    _ operation: AnyOperation, _ run: RunToken, _ context: OperationContext
  ) async throws(AgentError) -> Outcome {
    if let other = try deadMan.pending(), other.run != run.run { throw .waiting(other) }
    switch operation.lockout {
    case .impossible: return try await perform(operation, context)
    case .prepared(let path):
      try await deadMan.prepare(path, operation)
      return try await perform(operation, context)
    case .immediate(let touched):
      let change = try await deadMan.arm(operation, touching: touched, run)
      let outcome: Outcome
      do throws(AgentError) { outcome = try await perform(operation, context) } catch {
        throw await undo(change, after: error)
      }
      return try await deadMan.wait(change.id, outcome)
    }
  }

  /// Half a change of the way here is worse than none, so it need not wait for the timer.
  private func undo(_ change: GuardedChange, after error: AgentError) async -> AgentError {
    var error = error
    do throws(AgentError) {
      try await deadMan.undoFailed(change)
      error.message += " (what was there before is back)"
    } catch {
      // The timer tries again.
      return AgentError(
        error.code, "\(change.what) failed, and undoing it did too", cause: error.description, next: error.next)
    }
    return error
  }
}
