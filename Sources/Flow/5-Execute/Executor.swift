// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Carries a plan out: one attempt, journaled, as much at once as the limits allow.
///
/// - A failed step blocks only what comes after it. A host that cannot be reached is tried again a few times.
/// - Cancelling the caller's task starts no further step, waits for those in flight and records them.
/// - A host must reconnect by itself on the call after a lost connection.
package struct Executor<C: Clock>: Sendable where C.Duration == Duration {
  let hosts: [HostID: any Host]
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
    hosts: [HostID: any Host], secrets: any SecretStore, journal: any RunJournal, processes: ProcessTable = .machine,
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

  /// Executes a plan that passed its checks.
  ///
  /// Throws when it could not begin (another run is alive, no head answers) or the journal failed; what went wrong in
  /// single steps is in the outcome. The stream of events ends with the run.
  /// - Parameter run: its name, unique: see `RunName`.
  /// - Parameter holder: `user@machine pid 123`.
  /// - Parameter managing: what the plan puts in place, for the journal: see `RunJournal.begin`.
  package func run(
    _ plan: Plan, as run: String, holder: String, managing: [UInt8] = []
  ) async throws(ExecutionError) -> RunOutcome {
    defer { events?.finish() }
    let stop = StopSignal()
    // A handler on this task and not the task's own cancellation: steps in flight must not notice.
    let result = await withTaskCancellationHandler {
      do throws(ExecutionError) {
        return Result<RunOutcome, ExecutionError>.success(
          try await uncancelled { () throws(ExecutionError) in try await execute(plan, run, holder, managing, stop) })
      } catch { return .failure(error) }
    } onCancel: {
      stop.raise(.cancelled, "stopped by the administrator")
    }
    return try result.get()
  }

  private func execute(
    _ plan: Plan, _ run: String, _ holder: String, _ managing: [UInt8], _ stop: StopSignal
  ) async throws(ExecutionError) -> RunOutcome {
    var progress = try RunProgress(plan.steps, limits: policy.limits)
    let lease = try await takeLease(run, holder, stop)
    let startedAt = now()
    let result: RunOutcome.Result
    do {
      // We hold the lease, so no other run is alive: what has no end in the journal was interrupted.
      for interrupted in try await journal.unfinished() {
        events?.yield(.foundInterrupted(interrupted))
        try await journal.end(interrupted.id, result: "interrupted", at: startedAt)
      }
      // One that died between its end and its record is told of too. A living one is just being recorded.
      for interrupted in try await journal.unrecorded() where processes.hasEnded(interrupted) {
        events?.yield(.foundInterrupted(interrupted))
        try await journal.end(interrupted.id, result: "interrupted", at: startedAt)
      }
      try await journal.begin(
        lease.token, process: processes.current, total: plan.steps.count, managing: managing, at: startedAt)
      events?.yield(.began(lease.token, steps: plan.steps.count))
      try await carryOut(&progress, lease, stop)
      result = self.result(progress.reports, stop)
      try await journal.end(run, result: result.rawValue, at: now())
    } catch {
      await giveBack(lease)
      throw error
    }
    await giveBack(lease)
    let outcome = RunOutcome(
      run: run, generation: lease.token.generation, holder: holder, result: result, startedAt: startedAt,
      finishedAt: now(), steps: progress.reports)
    events?.yield(.ended(outcome))
    return outcome
  }

  private func giveBack(_ lease: Lease<C>) async {
    for (host, error) in await lease.release() { events?.yield(.leaseInDoubt(host, error)) }
  }

  private func result(_ reports: [StepReport], _ stop: StopSignal) -> RunOutcome.Result {
    if reports.allSatisfy(\.succeeded) { return .done }
    if reports.contains(where: { if case .rolledBack = $0.result { true } else { false } }) { return .rolledBack }
    return stop.reason ?? .partial
  }

  private enum Message: Sendable {
    case finished(StepReport)
    case journalFailed(StepReport, ExecutionError)
    case renewed([HostID: AgentError])
    case woken
  }

  /// One task group around `progress`: it decides, the tasks carry out.
  private func carryOut(
    _ progress: inout RunProgress, _ lease: Lease<C>, _ stop: StopSignal
  ) async throws(ExecutionError) {
    let (decided, failure) = await withTaskGroup(of: Message.self) { [progress] group in
      var progress = progress
      var failure: ExecutionError?
      group.addTask { await renewal(of: lease) }
      while true {
        if stop.reason != nil, !progress.isStopped {
          progress.stop()
          events?.yield(.stopping(stop.words))
        }
        for step in progress.takeReady() { group.addTask { await carryOut(step, lease, stop) } }
        if progress.isOver { break }
        switch await group.next() {
        case .finished(let report): note(report, &progress)
        case .journalFailed(let report, let error):
          failure = failure ?? error
          note(report, &progress)
          stop.raise(.partial, error.description)
        case .renewed(let troubles):
          note(troubles, stop)
          group.addTask { await renewal(of: lease) }
        case .woken, nil: break
        }
      }
      group.cancelAll()
      return (progress, failure)
    }
    progress = decided
    if let failure { throw failure }
  }

  private func note(_ report: StepReport, _ progress: inout RunProgress) {
    events?.yield(.finished(report))
    for blocked in progress.record(report) { events?.yield(.blocked(blocked)) }
  }

  private func note(_ troubles: [HostID: AgentError], _ stop: StopSignal) {
    for (host, error) in troubles.sorted(by: { $0.key < $1.key }) {
      events?.yield(.leaseInDoubt(host, error))
      if error.code == .leaseHeld || error.code == .staleGeneration { stop.raise(.superseded, error.description) }
    }
  }

  /// Renews the lease when a third of it is over. A cancelled wait means that the run is over.
  private func renewal(of lease: Lease<C>) async -> Message {
    let third = Duration.seconds(policy.leaseSeconds) / 3
    do { try await clock.sleep(until: clock.now.advanced(by: third), tolerance: nil) } catch { return .woken }
    return .renewed(await lease.renew())
  }

  /// Journals, performs and journals one step.
  private func carryOut(_ step: Step, _ lease: Lease<C>, _ stop: StopSignal) async -> Message {
    let (startedAt, began) = (now(), clock.now)
    func report(_ result: StepReport.Result, _ attempts: Int) -> StepReport {
      let seconds = began.duration(to: clock.now) / .seconds(1)
      return StepReport(
        step: step.id, host: step.host, result: result, startedAt: startedAt, seconds: seconds, attempts: attempts)
    }
    do throws(ExecutionError) { try await journal.started(step, run: lease.token.run, at: startedAt) } catch {
      // Nothing was done: what is not in the journal must not happen.
      return .journalFailed(report(.notStarted, 0), error)
    }
    events?.yield(.started(step))
    let (result, attempts) = await StepAttempts(executor: self, step: step, lease: lease, stop: stop).run()
    let done = report(result, attempts)
    do throws(ExecutionError) { try await journal.finished(done, run: lease.token.run) } catch {
      return .journalFailed(done, error)
    }
    return .finished(done)
  }
}
