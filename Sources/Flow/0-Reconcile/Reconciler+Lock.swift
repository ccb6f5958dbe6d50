// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution

extension Reconciler {
  /// Begins a run, and waits for another one that is at work as long as the policy allows.
  ///
  /// What another run did meanwhile is looked at before anything is done: it may leave less to do, or other things,
  /// of which none may destroy or interrupt anything that was not in the proposal.
  func begin<C: Clock>(
    _ proposal: Proposal, as run: String, on clock: C, _ policy: ExecutionPolicy,
    _ events: @escaping @Sendable (RunEvent) -> Void
  ) async throws(ReconcileError) -> RunOutcome where C.Duration == Duration {
    let end = clock.now.advanced(by: policy.lockTimeout)
    var proposal = proposal
    while true {
      let held: ReconcileError
      do throws(ReconcileError) { return try await execute(proposal, as: run, on: clock, policy, events) } catch {
        guard error.isLeaseHeld, clock.now < end else { throw error }
        held = error
      }
      let left = clock.now.duration(to: end)
      events(.lockHeld("\(held)", waitingFor: left))
      do { try await clock.sleep(until: clock.now.advanced(by: min(left, .seconds(2))), tolerance: nil) } catch {
        // Stopped while it waited: nothing was begun.
        throw held
      }
      let now = try await propose(proposal.terms)
      guard proposal.covers(now.plan) else { throw .overtaken("\(held)") }
      proposal = now
    }
  }
}
