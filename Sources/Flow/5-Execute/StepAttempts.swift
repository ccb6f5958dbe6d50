// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// One step on its host, tried again while the host cannot be reached.
struct StepAttempts<C: Clock>: Sendable where C.Duration == Duration {
  let executor: Executor<C>
  let step: Step
  let lease: Lease<C>
  let stop: StopSignal

  /// What became of it, and how often it was tried.
  func run() async -> (StepReport.Result, attempts: Int) {
    // Once an attempt may have reached the host, "cannot be reached" no longer means "not done".
    var mayHaveHappened = false
    var wait = executor.policy.backoff
    var attempt = 1
    while true {
      do throws(AgentError) {
        return (.done(try await perform()), attempt)
      } catch {
        if error.code == .connectionLost { mayHaveHappened = true }
        let last = attempt >= executor.policy.attempts || stop.reason != nil
        if !error.isTransient || last {
          if error.code == .staleGeneration || error.code == .leaseHeld { stop.raise(.superseded, error.description) }
          return (mayHaveHappened && error.isTransient ? .unknown(error) : .failed(error), attempt)
        }
        executor.events?.yield(
          .retrying(step.id, attempt: attempt + 1, of: executor.policy.attempts, error, after: wait))
        await pause(wait)
        wait *= 2
        attempt += 1
      }
    }
  }

  /// The step's task is never cancelled, so this wait always ends in time.
  private func pause(_ time: Duration) async {
    try? await executor.clock.sleep(until: executor.clock.now.advanced(by: time), tolerance: nil)
  }

  private func perform() async throws(AgentError) -> Outcome {
    guard let host = executor.hosts[step.host] else { throw .noWay(to: step.host) }
    try await lease.ensure(step.host)
    let secrets = try secrets()
    do throws(AgentError) {
      return try await once(host, secrets)
    } catch {
      // The lease ran out, for instance because the machine slept. Nobody else has it if it can be claimed again.
      if error.code != .leaseHeld { throw error }
      try await lease.claim(step.host)
      return try await once(host, secrets)
    }
  }

  private func once(_ host: any Host, _ secrets: Secrets) async throws(AgentError) -> Outcome {
    let limit = step.operation.deadline
    return try await withDeadline(
      limit, clock: executor.clock,
      orThrow: AgentError(
        .deadline, "\(step.id) was not done within \(limit)",
        next: "Look at \(step.host) for what it waits for; then apply again: what is done already is not done twice.")
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
