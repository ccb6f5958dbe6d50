// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Planning
import Reconciler
import Synchronization

/// The words of `apply` on standard error: the plan and single lines until it is agreed to, its progress from then on.
final class ApplyReport: Sendable {
  private let state = Mutex<(display: RunDisplay?, began: ContinuousClock.Instant)>((nil, .now))
  private let isLive: Bool
  private let isSimulated: Bool
  private let log: EventLog?

  init(isLive: Bool, simulated: Bool, log: EventLog?) {
    self.isLive = isLive
    isSimulated = simulated
    self.log = log
  }

  /// Shows what would be done. Throws when it may not be done, so that nobody is asked for nothing.
  func show(_ proposal: Proposal, of reconciler: Reconciler) async throws(ReconcileError) {
    if proposal.plan.isClean {
      let runs = try await reconciler.interruptedRuns().map(\.id).joined(separator: ", ")
      return Terminal.note("Nothing is left to do; recording what \(runs) did.")
    }
    Terminal.note(PlanCommand.text(try await reconciler.review(proposal), colour: Terminal.errorColour))
    try reconciler.check(proposal)
  }

  /// From here on progress is shown.
  func begin(_ proposal: Proposal, of reconciler: Reconciler) async throws(ReconcileError) {
    // Machines in memory do not take the time that real ones would.
    let estimate = isSimulated ? nil : try await reconciler.estimate(proposal)
    let begun = RunDisplay(steps: proposal.plan.steps.count, estimate: estimate, isLive: isLive, log: log)
    state.withLock { $0 = (begun, .now) }
  }

  func tell(_ news: RunNews) {
    switch news {
    case .caughtUp(let copies): CopiesText.lines(copies).forEach(note)
    case .event(let event):
      if let display = state.withLock({ $0.display }) {
        display.show(event)
      } else {
        RunView(steps: 0).lines(for: event).forEach(Terminal.note)
      }
    }
  }

  /// The time since the run was agreed to.
  var elapsed: Duration { .now - state.withLock { $0.began } }

  func note(_ line: String) {
    if let display = state.withLock({ $0.display }) { display.note(line) } else { Terminal.note(line) }
  }

  /// Takes the table away; nothing is drawn after this. What is still in flight.
  @discardableResult
  func close() -> [StepID] { state.withLock { $0.display }?.close() ?? [] }
}
