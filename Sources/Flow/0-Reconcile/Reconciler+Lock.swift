// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution

extension Reconciler {
  /// Waits until no host has a change that a run which was killed has left unconfirmed: its host undoes it soon, and a
  /// plan made before that would be of a state that is about to go.
  package func settle(_ events: @escaping @Sendable (RunEvent) -> Void) async throws(ReconcileError) {
    try await settle(on: clock, events)
  }

  private func settle(
    on clock: some Clock<Duration>, _ events: @escaping @Sendable (RunEvent) -> Void
  ) async throws(ReconcileError) {
    let (stream, continuation) = AsyncStream.makeStream(of: RunEvent.self)
    let executor = Executor(
      hosts: hosts, secrets: secrets, journal: journal, processes: processes, clock: clock, now: now,
      events: continuation)
    async let watching: Void = { for await event in stream { events(event) } }()
    let result: Result<Void, ExecutionError>
    do throws(ExecutionError) { result = .success(try await executor.settle()) } catch { result = .failure(error) }
    continuation.finish()
    await watching
    do throws(ExecutionError) { try result.get() } catch { throw .execution(error) }
  }

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
      guard proposal.consent.covers(now.plan) else { throw .overtaken("\(held)") }
      proposal = now
    }
  }
}
