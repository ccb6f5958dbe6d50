// SPDX-License-Identifier: Apache-2.0

/// The result of one step in one run.
package struct StepReport: Hashable, Codable, Sendable {
  package enum Result: Hashable, Codable, Sendable {
    /// Done, or found done: the outcome says which.
    case done(Outcome)
    case failed(AgentError)
    /// The way to the host broke while it was being done: only looking again tells.
    case unknown(AgentError)
    /// It could not be confirmed over a new connection, so the host has undone it.
    case rolledBack(AgentError)
    /// A step that it comes after did not succeed.
    case blocked(by: StepID)
    /// The run ended before its turn.
    case notStarted
  }

  package var step: StepID
  package var host: HostID
  package var result: Result
  /// Seconds since 1970. Nil when it never started.
  package var startedAt: Int?
  package var seconds: Double
  /// How often it was tried: more than once when the host could not be reached at first.
  package var attempts: Int

  package init(step: StepID, host: HostID, result: Result, startedAt: Int?, seconds: Double, attempts: Int) {
    self.step = step
    self.host = host
    self.result = result
    self.startedAt = startedAt
    self.seconds = seconds
    self.attempts = attempts
  }

  package var succeeded: Bool { if case .done = result { true } else { false } }
}

extension [StepReport] {
  /// One list for two rounds of the same run. A step of both counts as in the later one, unless that never came to it:
  /// what was done is done.
  package func followed(by next: [StepReport]) -> [StepReport] {
    let started = Set(filter { $0.startedAt != nil }.map(\.step))
    let later = next.filter { $0.startedAt != nil || !started.contains($0.step) }
    let again = Set(later.map(\.step))
    return filter { !again.contains($0.step) } + later
  }
}

/// The outcome of a run: one attempt at a plan.
package struct RunOutcome: Hashable, Codable, Sendable {
  package enum Result: String, Hashable, Codable, Sendable {
    /// Every step was done.
    case done
    /// Some steps failed, or their outcome is unknown, and what depends on them was not tried; or there was more to do,
    /// and the run could not go on.
    case partial
    /// A change that would have cut the way to a host was undone by that host; what depends on it was not tried.
    case rolledBack = "rolled-back"
    /// The administrator stopped it: steps in flight were finished, others not started.
    case cancelled
    /// Another run took the lease away; steps in flight were refused or finished, others not started.
    case superseded
  }

  package var run: String
  package var generation: Int
  /// The generations of earlier rounds of the same run. Nil: there were none, or nobody kept them.
  package var earlierGenerations: [Int]?
  package var holder: String
  package var result: Result
  /// Seconds since 1970.
  package var startedAt: Int
  package var finishedAt: Int
  /// In the plan's order.
  package var steps: [StepReport]

  package init(
    run: String, generation: Int, earlierGenerations: [Int]? = nil, holder: String, result: Result, startedAt: Int,
    finishedAt: Int, steps: [StepReport]
  ) {
    self.run = run
    self.generation = generation
    self.earlierGenerations = earlierGenerations
    self.holder = holder
    self.result = result
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.steps = steps
  }
}

extension RunOutcome {
  /// The generations of all its rounds, in their order.
  package var generations: [Int] { (earlierGenerations ?? []) + [generation] }
}

extension StepReport {
  /// One word for the result: `changed`, `unchanged`, `failed`, `unknown`, `rolled-back`, `blocked`, `not-started`.
  package var word: String {
    switch result {
    case .done(let outcome): outcome.changed ? "changed" : "unchanged"
    case .failed: "failed"
    case .unknown: "unknown"
    case .rolledBack: "rolled-back"
    case .blocked: "blocked"
    case .notStarted: "not-started"
    }
  }

  /// One line for people: what was done, or why not.
  package var detail: String {
    switch result {
    case .done(let outcome): outcome.detail
    case .failed(let error), .unknown(let error), .rolledBack(let error): error.description
    case .blocked(let step): "waits for \(step)"
    case .notStarted: "the run ended before it"
    }
  }

  /// The next thing to do, where something went wrong.
  package var next: String? {
    switch result {
    case .failed(let error), .unknown(let error), .rolledBack(let error): error.next
    case .done, .blocked, .notStarted: nil
    }
  }
}
