// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// One step on its host, tried again while the host cannot be reached.
struct StepAttempts<C: Clock>: Sendable where C.Duration == Duration {
  let executor: Executor<C>
  let step: Step
  let lease: Lease<C>
  let stop: StopSignal

  /// Runs the step. Returns its result, and how often it was tried.
  func run() async -> (StepReport.Result, attempts: Int) {
    // Once an attempt may have reached the host, "cannot be reached" no longer means "not done".
    var mayHaveHappened = false
    let began = executor.clock.now
    var attempt = 1
    while true {
      do throws(AgentError) {
        let outcome = try await perform(&attempt, &mayHaveHappened)
        guard outcome.pending != nil else {
          return (.done(mayHaveHappened ? outcome.includingLostAttempts : outcome), attempt)
        }
        return (try await confirmation.settle(), attempt)
      } catch {
        if error.code == .rolledBack { return (.rolledBack(error), attempt) }
        if error.code == .connectionLost { mayHaveHappened = true }
        if step.operation.canLockOut, error.leavesOpen, let result = await confirmed() { return (result, attempt) }
        guard error.isTransient, let wait = wait(before: attempt + 1, since: began) else {
          if error.code == .staleGeneration || error.code == .leaseHeld { stop.raise(.superseded, error.description) }
          return (mayHaveHappened && error.isTransient ? .unknown(error) : .failed(error), attempt)
        }
        executor.events?.yield(
          .retrying(step.id, attempt: attempt + 1, of: executor.policy.attempts, error, after: wait))
        await pause(wait)
        attempt += 1
      }
    }
  }

  /// How long to wait before an attempt. Nil: it is not worth another one.
  private func wait(before attempt: Int, since began: C.Instant) -> Duration? {
    let policy = executor.policy
    guard attempt <= policy.attempts, stop.reason == nil else { return nil }
    let wait = policy.wait(before: attempt, salt: "\(lease.token.run) \(step.id)")
    return began.duration(to: executor.clock.now) + wait <= policy.patience ? wait : nil
  }

  /// The step's task is never cancelled, so this wait always ends in time.
  private func pause(_ time: Duration) async {
    try? await executor.clock.sleep(until: executor.clock.now.advanced(by: time), tolerance: nil)
  }

  private var confirmation: Confirmation<C> { Confirmation(executor: executor, step: step, token: lease.token) }

  /// The way broke while a change of it was being done: the host knows whether it was, and may still be told to keep
  /// it. Nil when it never began there.
  private func confirmed() async -> StepReport.Result? {
    do throws(AgentError) { return try await confirmation.settle() } catch { return nil }
  }

  /// Counts one more attempt when it has to ask twice.
  private func perform(_ attempt: inout Int, _ mayHaveHappened: inout Bool) async throws(AgentError) -> Outcome {
    guard let host = executor.hosts[step.host] else { throw .noConnection(to: step.host) }
    try await lease.ensure(step.host)
    let secrets = try secrets()
    do throws(AgentError) {
      return try await once(host, secrets)
    } catch {
      // The lease ran out, for instance because the host was booted or this machine slept.
      if error.code != .leaseHeld { throw error }
      try await lease.regain(step.host)
      attempt += 1
      // Of what was refused, another copy may still be on its way, and come under the lease that is held now.
      mayHaveHappened = true
      return try await once(host, secrets)
    }
  }

  private func once(_ host: any ManagedHost, _ secrets: Secrets) async throws(AgentError) -> Outcome {
    let limit = step.operation.timing.deadline
    return try await withDeadline(
      limit, clock: executor.clock,
      orThrow: AgentError(
        .deadline, "\(step.id) was not done within \(limit)",
        next: "Find out what \(step.host) is waiting for, then apply again. Finished work is not repeated.")
    ) { () throws(AgentError) in
      try await host.perform(step.operation, secrets: secrets, run: lease.token) { line in
        executor.events?.yield(.progress(step.id, line))
      }
    }
  }

  private func secrets() throws(AgentError) -> Secrets {
    var values: [SecretRef: [UInt8]] = [:]
    for ref in step.operation.secrets {
      guard let value = try executor.secrets.valueMakingIfGenerated(ref) else { throw .missing(ref) }
      values[ref] = value
    }
    return Secrets(values)
  }
}

extension Outcome {
  /// Found done after an attempt whose answer was lost: most likely that attempt did it, and the record must say so.
  fileprivate var includingLostAttempts: Outcome {
    changed ? self : Outcome(changed: true, detail: "done by an attempt whose answer was lost; now: \(detail)")
  }
}
