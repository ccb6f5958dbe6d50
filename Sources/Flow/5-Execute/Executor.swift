// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

// Execution: one attempt at a plan. Journaled, bounded, cancellable.
//
// Start at `Executor`. What runs next is decided by `RunProgress`, a value without tasks; the executor only carries
// its decisions out. After a crash nothing is replayed: the caller observes and plans afresh, and the journal tells
// what the last run was doing. Knows values and hosts, not how plans are made.

/// Carries plans out: one attempt, journaled, as much at once as the limits allow, under one lease.
///
/// - A failed step blocks only what comes after it. A host that cannot be reached is tried again a few times.
/// - Cancelling the caller's task starts no further step, waits for those in flight and records them.
/// - A host must reconnect by itself on the call after a lost connection.
package struct Executor<C: Clock>: Sendable where C.Duration == Duration {
  let hosts: [HostID: any ManagedHost]
  let secrets: any SecretStore
  let journal: any RunJournal
  let processes: ProcessTable
  let witness: HeadWitness
  let policy: ExecutionPolicy
  let clock: C
  /// Seconds since 1970.
  let now: @Sendable () -> Int
  let events: AsyncStream<RunEvent>.Continuation?

  /// - Parameter hosts: the heads, also those that will exist only when the plan has made them.
  /// - Parameter witness: how to find out whether another run can be at work on a head that does not answer.
  package init(
    hosts: [HostID: any ManagedHost], secrets: any SecretStore, journal: any RunJournal,
    processes: ProcessTable = .machine,
    witness: HeadWitness = .nobody, policy: ExecutionPolicy = ExecutionPolicy(), clock: C = ContinuousClock(),
    now: @escaping @Sendable () -> Int,
    events: AsyncStream<RunEvent>.Continuation? = nil
  ) {
    self.hosts = hosts
    self.secrets = secrets
    self.journal = journal
    self.processes = processes
    self.witness = witness
    self.policy = policy
    self.clock = clock
    self.now = now
    self.events = events
  }

  /// Holds the lease of a run while the body goes on, renews it all the time, and gives it back however that ends.
  ///
  /// Another run that is at work is waited for as long as the policy allows. Throws when the lease could not be had:
  /// nothing was done then. Cancelling the caller's task starts no further step, and does not interrupt the body. The
  /// stream of events ends with it.
  /// - Parameter run: its name, unique: see `RunName`.
  /// - Parameter holder: `user@machine pid 123`.
  package func holding<Value: Sendable>(
    _ run: String, by holder: String, _ body: @escaping @Sendable (HeldRun) async -> Value
  ) async throws(ExecutionError) -> Value {
    defer { events?.finish() }
    let stop = StopSignal()
    // A handler on this task and not the task's own cancellation: steps in flight must not notice.
    let result = await withTaskCancellationHandler {
      do throws(ExecutionError) {
        let lease = try await lease(run, holder, stop)
        return Result<Value, ExecutionError>.success(
          await uncancelled {
            let value = await renewing(lease, stop) { await body(HeldRun(self, lease, stop)) }
            for (host, error) in await lease.release() { events?.yield(.leaseInDoubt(host, error)) }
            return value
          })
      } catch { return .failure(error) }
    } onCancel: {
      stop.raise(.cancelled, "stopped by the administrator")
    }
    return try result.get()
  }

  private func lease(_ run: String, _ holder: String, _ stop: StopSignal) async throws(ExecutionError) -> Lease<C> {
    let end = clock.now.advanced(by: policy.lockTimeout)
    while true {
      let held: ExecutionError
      do throws(ExecutionError) {
        return try await uncancelled { () async throws(ExecutionError) in try await takeLease(run, holder, stop) }
      } catch {
        guard error.isLeaseHeld, clock.now < end else { throw error }
        held = error
      }
      let left = clock.now.duration(to: end)
      events?.yield(.lockHeld("\(held)", waitingFor: left))
      do { try await clock.sleep(until: clock.now.advanced(by: min(left, .seconds(2))), tolerance: nil) } catch {
        // Stopped while it waited: nothing was begun.
        throw held
      }
    }
  }

  private func renewing<Value: Sendable>(
    _ lease: Lease<C>, _ stop: StopSignal, _ body: @escaping @Sendable () async -> Value
  ) async -> Value {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await renew(lease, stop) }
      let value = await body()
      group.cancelAll()
      return value
    }
  }

  /// Renews the lease whenever a third of it is over, until it is cancelled.
  private func renew(_ lease: Lease<C>, _ stop: StopSignal) async {
    let third = Duration.seconds(policy.leaseSeconds) / 3
    while true {
      do { try await clock.sleep(until: clock.now.advanced(by: third), tolerance: nil) } catch { return }
      for (host, error) in await lease.renew().sorted(by: { $0.key < $1.key }) {
        // What ends because the run does says nothing of the lease.
        if Task.isCancelled { return }
        events?.yield(.leaseInDoubt(host, error))
        if error.code == .leaseHeld || error.code == .staleGeneration { stop.raise(.superseded, error.description) }
      }
    }
  }
}

extension Executor {
  /// The lease, once nothing of an earlier run waits on a head any more.
  func takeLease(_ run: String, _ holder: String, _ stop: StopSignal) async throws(ExecutionError) -> Lease<C> {
    try await settle()
    let generation = try await journal.newestGeneration()
    let token = RunToken(
      run: run, generation: generation + 1, holder: holder, leaseSeconds: policy.leaseSeconds,
      confirmSeconds: policy.confirmSeconds, process: processes.current)
    let absent = AbsentHeads(
      hosts: hosts, witness: witness, secrets: secrets, without: policy.without, clock: clock, now: now)
    var acquisition = LeaseAcquisition(
      token: token, hosts: hosts, absent: absent, clock: clock, life: try await life(), stop: stop, events: events)
    return try await acquisition.acquire()
  }

  /// Waits until no host has a change that a dead run has left unconfirmed. Best done before planning, because undoing
  /// it changes what is there.
  package func settle() async throws(ExecutionError) {
    let life = try await life()
    for (id, host) in hosts.sorted(by: { $0.key < $1.key }) { try await letSettle(host, id, life) }
  }

  private func life() async throws(ExecutionError) -> @Sendable (RunToken) -> LeaseHolder.Life {
    let suspects = try await journal.unfinished()
    return { [processes] token in
      // One that was killed before it came to its journal is known by its token only.
      guard let suspect = suspects.first(where: { $0.id == token.run }) else { return processes.life(of: token) }
      return processes.hasEnded(suspect) ? .dead : .alive
    }
  }

  /// A run that was killed may have left a change that nobody will confirm: the host undoes it at its time.
  private func letSettle(
    _ host: any ManagedHost, _ id: HostID, _ life: @Sendable (RunToken) -> LeaseHolder.Life
  ) async throws(ExecutionError) {
    var end: C.Instant?
    while let change = await abandoned(on: host, life) {
      // The time that undoing itself may take comes on top.
      let limit = Duration.seconds(change.secondsLeft) + policy.undoneWithin
      if end == nil { events?.yield(.waiting(id, change)) }
      let last = end ?? clock.now.advanced(by: limit)
      end = last
      guard clock.now < last else {
        throw .lease(
          AgentError(
            .deadline, "\(id) should have undone \(change.what) of run \(change.run), and has not",
            next: "Check `journalctl --unit 'cluster-undo-*'` on \(id)."))
      }
      try? await clock.sleep(until: clock.now.advanced(by: .seconds(1)), tolerance: nil)
    }
  }

  /// The change that a dead run has left pending. Nil also when the host does not answer, which its first step then
  /// meets.
  private func abandoned(
    on host: any ManagedHost, _ life: @Sendable (RunToken) -> LeaseHolder.Life
  ) async -> PendingChange? {
    guard let state = try? await host.lease(), let change = state.pending else { return nil }
    // A run that is alive confirms it itself, or is refused by its lease.
    if let holder = state.holder, life(holder) != .dead { return nil }
    return change
  }
}
