// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// A run that holds the lease of its site: what may be done with it, one plan after the other.
package struct HeldRun: Sendable {
  /// Larger by one than the newest that the journal and the heads had seen before.
  package var generation: Int { nothingDone.generation }
  /// The outcome of the run before its first round.
  package let nothingDone: RunOutcome
  private let perform: @Sendable (Plan, [UInt8]) async throws(ExecutionError) -> RunOutcome

  init<C: Clock>(_ executor: Executor<C>, _ lease: Lease<C>, _ stop: StopSignal) where C.Duration == Duration {
    let token = lease.token
    nothingDone = RunOutcome(
      run: token.run, generation: token.generation, holder: token.holder, result: .done, startedAt: executor.now(),
      finishedAt: executor.now(), steps: [])
    perform = { plan, managing async throws(ExecutionError) in
      try await PlanExecution(executor: executor, lease: lease, stop: stop).run(plan, managing)
    }
  }

  /// Carries a plan that passed its checks out, as the next round of the run.
  ///
  /// Throws when the journal failed, or a head refuses the round; what went wrong in single steps is in the outcome.
  /// - Parameter managing: what the plan puts in place, for the journal: see `RunJournal.begin`.
  package func carryOut(_ plan: Plan, managing: [UInt8] = []) async throws(ExecutionError) -> RunOutcome {
    try await perform(plan, managing)
  }
}

/// One plan, carried out under the lease of its run.
struct PlanExecution<C: Clock>: Sendable where C.Duration == Duration {
  let executor: Executor<C>
  let lease: Lease<C>
  let stop: StopSignal

  private var journal: any RunJournal { executor.journal }
  private var events: AsyncStream<RunEvent>.Continuation? { executor.events }

  func run(_ plan: Plan, _ managing: [UInt8]) async throws(ExecutionError) -> RunOutcome {
    var progress = try RunProgress(plan.steps, limits: executor.policy.limits)
    do throws(AgentError) { try await lease.beginRound() } catch { throw .lease(error) }
    let (token, startedAt) = (lease.token, executor.now())
    // We hold the lease, so no other run is alive: what has no end in the journal was interrupted.
    for interrupted in try await journal.unfinished() {
      events?.yield(.foundInterrupted(interrupted))
      try await journal.end(interrupted.id, result: "interrupted", at: startedAt)
    }
    // One that died between its end and its record is told of too. A living one is just being recorded.
    for interrupted in try await journal.unrecorded() where executor.processes.hasEnded(interrupted) {
      events?.yield(.foundInterrupted(interrupted))
      try await journal.end(interrupted.id, result: "interrupted", at: startedAt)
    }
    try await journal.begin(
      token, process: executor.processes.current, total: plan.steps.count, managing: managing, at: startedAt)
    events?.yield(.began(token, steps: plan.steps.count))
    try await carryOut(&progress)
    let result = result(progress.reports)
    try await journal.end(token.run, result: result.rawValue, at: executor.now())
    let outcome = RunOutcome(
      run: token.run, generation: token.generation, holder: token.holder, result: result, startedAt: startedAt,
      finishedAt: executor.now(), steps: progress.reports)
    events?.yield(.ended(outcome))
    return outcome
  }

  private func result(_ reports: [StepReport]) -> RunOutcome.Result {
    if reports.allSatisfy(\.succeeded) { return .done }
    if reports.contains(where: { if case .rolledBack = $0.result { true } else { false } }) { return .rolledBack }
    return stop.reason ?? .partial
  }

  private typealias Expecting = ExpectingStep<C.Instant>

  private enum Message: Sendable {
    case finished(StepReport)
    case journalFailed(StepReport, ExecutionError)
    case expects(Expecting)
    case looked(Lookout<C>.View, began: C.Instant, [Message])
  }

  /// The steps that are waited for, and the look that is under way.
  private struct Waits {
    var steps: [Expecting] = []
    var isLooking = false
    /// When the last look began and ended.
    var last: (began: C.Instant, ended: C.Instant)?

    /// When the next look is due. Nil: at once. One that takes long, since there is much to tell, is rarer.
    func next(_ policy: ExecutionPolicy, now: C.Instant) -> C.Instant? {
      guard let last, let newest = steps.map(\.since).max() else { return nil }
      let pause =
        newest > last.began
        ? max(.milliseconds(250), last.began.duration(to: last.ended) * 10)
        : policy.untilNextLook(after: newest.duration(to: now))
      return last.ended.advanced(by: pause)
    }
  }

  /// One task group around `progress`: it decides, the tasks carry out, and one of them looks for what is waited for.
  private func carryOut(_ progress: inout RunProgress) async throws(ExecutionError) {
    let (decided, failure) = await withTaskGroup(of: Message.self) { [progress] group in
      var progress = progress
      var failure: ExecutionError?
      var waits = Waits()
      while true {
        if stop.reason != nil, !progress.isStopped {
          progress.stop()
          events?.yield(.stopping(stop.words))
        }
        for step in progress.takeReady() { group.addTask { await carryOut(step) } }
        if progress.isOver { break }
        if !waits.isLooking, !waits.steps.isEmpty {
          let (steps, due) = (waits.steps, waits.next(executor.policy, now: executor.clock.now))
          (waits.steps, waits.isLooking) = ([], true)
          group.addTask { await look(at: steps, when: due) }
        }
        guard let message = await group.next() else { break }
        take(message, &progress, &waits, &failure)
      }
      return (progress, failure)
    }
    progress = decided
    if let failure { throw failure }
  }

  private func take(
    _ message: Message, _ progress: inout RunProgress, _ waits: inout Waits, _ failure: inout ExecutionError?
  ) {
    switch message {
    case .finished(let report): note(report, &progress)
    case .journalFailed(let report, let error):
      failure = failure ?? error
      note(report, &progress)
      stop.raise(.partial, error.description)
    case .expects(let step):
      progress.expect(step.step.id)
      waits.steps.append(step)
    case .looked(let view, let began, let ended):
      waits.steps += view.waiting
      (waits.isLooking, waits.last) = (false, (began, executor.clock.now))
      if !view.waits.isEmpty { events?.yield(.expecting(view.waits)) }
      for message in ended { take(message, &progress, &waits, &failure) }
    }
  }

  private func note(_ report: StepReport, _ progress: inout RunProgress) {
    events?.yield(.finished(report))
    for blocked in progress.record(report) { events?.yield(.blocked(blocked)) }
  }

  /// Looks when it is time to, and journals what is over. A run that is to stop waits for nothing more.
  private func look(at steps: [Expecting], when due: C.Instant?) async -> Message {
    let clock = executor.clock
    // The run's tasks are never cancelled, so this ends in time.
    if let due { try? await clock.sleep(until: due, tolerance: nil) }
    let began = clock.now
    var view = Lookout<C>.View()
    if stop.reason == nil {
      view = await Lookout(executor: executor).look(at: steps)
    } else {
      view.over = steps.map { $0.report(.unknown(.notAwaited($0.step)), at: clock.now) }
    }
    var ended: [Message] = []
    for report in view.over { ended.append(await finish(report)) }
    return .looked(view, began: began, ended)
  }

  /// Journals, performs and journals one step.
  private func carryOut(_ step: Step) async -> Message {
    let clock = executor.clock
    let started = StartedStep(step: step, startedAt: executor.now(), began: clock.now)
    do throws(ExecutionError) {
      try await journal.started(step, run: lease.token.run, at: started.startedAt)
    } catch {
      // Nothing was done: what is not in the journal must not happen.
      return .journalFailed(started.report(.notStarted, attempts: 0, at: clock.now), error)
    }
    events?.yield(.started(step))
    let (result, attempts) = await StepAttempts(executor: executor, step: step, lease: lease, stop: stop).run()
    if case .done(let outcome) = result, let expectation = step.operation.expectation {
      return .expects(
        Expecting(
          started: started, expectation: expectation, outcome: outcome, attempts: attempts, since: clock.now,
          answered: clock.now))
    }
    return await finish(started.report(result, attempts: attempts, at: clock.now))
  }

  private func finish(_ report: StepReport) async -> Message {
    do throws(ExecutionError) { try await journal.finished(report, run: lease.token.run) } catch {
      return .journalFailed(report, error)
    }
    return .finished(report)
  }
}

extension AgentError {
  fileprivate static func notAwaited(_ step: Step) -> AgentError {
    AgentError(
      .cancelled, "\(step.operation.target) was not waited for: the run was stopped",
      next: "Apply again: it takes up what is on its way.")
  }
}
