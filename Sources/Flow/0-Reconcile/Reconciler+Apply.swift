// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import HostAccess
import Wings
import Synchronization

extension Reconciler {
  /// Carries a proposal out, looks again, and records what was done and what is now true.
  ///
  /// A run may bring to light what could not be seen before (a host that was away, a unit that took up a new
  /// configuration): such steps are carried out too, as long as none destroys, and no head leaves, that was not in the
  /// proposal.
  /// Cancelling ends only the carrying out: what was done by then is looked at and recorded all the same. So is it
  /// when a later round is refused (an operation of an earlier one may still be at work, and then its lease is kept),
  /// or when looking again fails: `Applied.endedBy` says so.
  package func apply(
    _ proposal: Proposal, run: String, policy: ExecutionPolicy = ExecutionPolicy(),
    events: @escaping @Sendable (RunEvent) -> Void
  ) async throws(ReconcileError) -> Applied {
    try await recordInterrupted(proposal)
    let absent = AbsentNotes()
    let events: @Sendable (RunEvent) -> Void = { event in
      absent.note(event)
      events(event)
    }
    var outcome = try await begin(proposal, as: run, on: clock, policy, events)
    // From here on things are done. Whatever else comes up ends the run, and what was done is recorded all the same.
    var verified = proposal
    var endedBy: ReconcileError?
    var takenAway = proposal.plan.takenAway(by: outcome)
    do throws(ReconcileError) {
      verified = try await look(proposal.terms, takenAway)
      var round = 1
      while outcome.result == .done, !verified.plan.steps.isEmpty, round < Self.mostRounds,
        proposal.consent.covers(verified.plan)
      {
        round += 1
        var policy = policy
        policy.waitedFor = absent.heads
        let next = try await execute(verified, as: "\(run).\(round)", on: clock, policy, events)
        outcome = outcome.followed(by: next)
        takenAway.formUnion(verified.plan.takenAway(by: next))
        verified = try await look(proposal.terms, takenAway)
      }
    } catch {
      endedBy = error
      events(.stopping("\(error)"))
      outcome = outcome.ended(by: error, at: now())
    }
    let applied = Applied(outcome: outcome, verified: verified, endedBy: endedBy)
    let record = try record(applied, proposal, takenAway)
    let recorded: AuditRepository.Recorded
    do throws(AuditError) {
      recorded = try await uncancelled { () async throws(AuditError) in try await history.record(record) }
    } catch { throw .audit(error) }
    do throws(ExecutionError) { try await journal.recorded(run) } catch { throw .execution(error) }
    return Applied(
      outcome: outcome, verified: verified, endedBy: endedBy, recorded: recorded,
      copies: await uncancelled { await distribute() })
  }

  private func look(_ terms: RunTerms, _ takenAway: Set<ResourceID>) async throws(ReconcileError) -> Proposal {
    try await uncancelled { () async throws(ReconcileError) in try await propose(terms, without: takenAway) }
  }

  /// Runs of this site that were killed, and whose end no later run has recorded. One that is still at work is not.
  package func interruptedRuns() async throws(ReconcileError) -> [InterruptedRun] {
    let unfinished: [InterruptedRun]
    do { unfinished = try await journal.unfinished() + journal.unrecorded() } catch { throw .execution(error) }
    return unfinished.filter { run in !(run.process.map(processes.isRunning) ?? false) }
  }

  private var holder: String { by + (processes.current.map { " pid \($0.pid)" } ?? "") }

  /// More rounds than this mean that two resources undo each other's work.
  private static let mostRounds = 4

  func execute(
    _ proposal: Proposal, as run: String, on clock: some Clock<Duration>, _ policy: ExecutionPolicy,
    _ events: @escaping @Sendable (RunEvent) -> Void
  ) async throws(ReconcileError) -> RunOutcome {
    try check(proposal)
    try await checkAgents(proposal.plan)
    let managing = try managing(proposal)
    let (stream, continuation) = AsyncStream.makeStream(of: RunEvent.self)
    do throws(ExecutionError) {
      let executor = Executor(
        hosts: hosts, secrets: secrets, journal: journal, processes: processes, witness: headWitness, policy: policy,
        clock: clock, now: now, events: continuation)
      async let watching: Void = uncancelled { for await event in stream { events(event) } }
      do throws(ExecutionError) {
        let outcome = try await executor.run(proposal.plan, as: run, holder: holder, managing: managing)
        await watching
        return outcome
      } catch {
        continuation.finish()
        await watching
        throw error
      }
    } catch { throw .execution(error) }
  }
}

extension Plan {
  /// What a run has taken away that nothing asks for any more. What is still there of it was not ours, and stays. What
  /// heads have that leave is let go when all is done that their leaving means for the others. What is removed first
  /// can come back while the rest is there.
  func takenAway(by outcome: RunOutcome) -> Set<ResourceID> {
    let done = Set(outcome.steps.filter(\.succeeded).map(\.step))
    let pruned = steps.filter { $0.prunes && KindCatalog.all[$0.resource.kind]?.isRemovedFirst != true }
    let gone = Set(pruned.map(\.resource)).subtracting(pruned.filter { !done.contains($0.id) }.map(\.resource))
    return outcome.result == .done ? gone.union(leaving.flatMap(\.resources)) : gone
  }
}

/// The heads that a run has begun without, for its later rounds.
private final class AbsentNotes: Sendable {
  private let state = Mutex<Set<HostID>>([])

  var heads: Set<HostID> { state.withLock { $0 } }

  func note(_ event: RunEvent) {
    if case .without(let host) = event { state.withLock { _ = $0.insert(host) } }
  }
}
