// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import HostAccess
import Wings

extension Reconciler {
  /// Shows a proposal, and says whether it is agreed to. One that is clean asks to record what killed runs have done.
  package typealias Asking = @Sendable (Proposal) async throws(ReconcileError) -> Bool
  /// Takes note of what happens in a run.
  package typealias Telling = @Sendable (RunNews) -> Void

  /// What to say where nothing is to be carried out. Nil: there is work.
  func standstill(_ proposal: Proposal) async throws(ReconcileError) -> Convergence? {
    let plan = proposal.plan
    if plan.isClean {
      // What a killed run put in place must be in the record, or nobody would take it away later.
      let isRecorded = try await interruptedRuns().isEmpty
      return isRecorded ? .nothingToDo(proposal, copies: try await catchCopiesUp()) : nil
    }
    return plan.steps.isEmpty && plan.leaving.isEmpty ? .blocked(proposal) : nil
  }

  /// What was agreed to. Nil: nothing.
  func agree(to proposal: Proposal, _ ask: Asking) async throws(ReconcileError) -> Consent? {
    guard try await ask(proposal) else { return nil }
    try check(proposal)
    return proposal.consent
  }

  /// Takes the lease of the site, waiting for another run as long as the policy allows, and holds it until the body has
  /// ended. Cancelling the caller's task starts no further step; what was done is looked at and recorded all the same.
  func holdingLease<Value: Sendable>(
    _ request: RunRequest, _ events: @escaping Telling,
    _ body: @escaping @Sendable (HeldRun) async throws(ReconcileError) -> Value
  ) async throws(ReconcileError) -> Value {
    try await holdingLease(request, on: clock, events, body)
  }

  private func holdingLease<Value: Sendable>(
    _ request: RunRequest, on clock: some Clock<Duration>, _ events: @escaping Telling,
    _ body: @escaping @Sendable (HeldRun) async throws(ReconcileError) -> Value
  ) async throws(ReconcileError) -> Value {
    let (stream, continuation) = AsyncStream.makeStream(of: RunEvent.self)
    var policy = request.policy
    policy.limits.lanes = WingCatalog.lanes(of: cluster)
    let executor = Executor(
      hosts: hosts, secrets: secrets, journal: journal, processes: processes,
      witness: HighAvailability.witness(cluster),
      policy: policy, clock: clock, now: now, events: continuation)
    let holder = by + (processes.current.map { " pid \($0.pid)" } ?? "")
    async let watching: Void = uncancelled { for await event in stream { events(.event(event)) } }
    let result: Result<Value, ReconcileError>
    do throws(ExecutionError) {
      result = try await executor.holding(request.run, by: holder) { run in
        do throws(ReconcileError) { return .success(try await body(run)) } catch { return .failure(error) }
      }
    } catch { result = .failure(.execution(error)) }
    await watching
    return try result.get()
  }

  /// Waits until no host has a change that a run which was killed has left unconfirmed: its host undoes it soon, and a
  /// plan made before that would be of a state that is about to go.
  func settle(_ events: @escaping Telling) async throws(ReconcileError) { try await settle(on: clock, events) }

  private func settle(
    on clock: some Clock<Duration>, _ events: @escaping Telling
  ) async throws(ReconcileError) {
    let (stream, continuation) = AsyncStream.makeStream(of: RunEvent.self)
    let executor = Executor(
      hosts: hosts, secrets: secrets, journal: journal, processes: processes, clock: clock, now: now,
      events: continuation)
    async let watching: Void = { for await event in stream { events(.event(event)) } }()
    let result: Result<Void, ExecutionError>
    do throws(ExecutionError) { result = .success(try await executor.settle()) } catch { result = .failure(error) }
    continuation.finish()
    await watching
    do throws(ExecutionError) { try result.get() } catch { throw .execution(error) }
  }
}
