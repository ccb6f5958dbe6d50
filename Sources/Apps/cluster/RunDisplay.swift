// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Foundation
import Synchronization

/// Progress on standard error: one line for each step begun and ended, with the time since the run began.
final class RunDisplay: Sendable {
  private struct State {
    var done = 0
    var total: Int
    /// What a step said last; repeated words are not shown again.
    var said: [StepID: String] = [:]
    var lockSaid = false
  }

  private let state: Mutex<State>
  private let began = ContinuousClock.now

  init(steps: Int) { state = Mutex(State(total: steps)) }

  func show(_ event: RunEvent) {
    switch event {
    case .foundInterrupted(let run):
      line(
        "run \(run.id) was interrupted after \(run.finished) of \(run.total) steps; in flight then: "
          + (run.inFlight.isEmpty ? "none" : run.inFlight.map(\.text).joined(separator: ", ")))
    case .began(let token, let steps):
      state.withLock {
        $0.done = 0; $0.total = steps
      }
      line("run \(token.run), \(steps) steps")
    case .started(let step): if step.operation.isLong { line("…    \(step.id)") }
    case .progress(let step, let words): progress(step, words)
    case .retrying(let step, let attempt, let of, let error, let after):
      line("\(step): \(error); attempt \(attempt) of \(of) in \(after)")
    case .unconfirmed(let step, let error, let undoneIn):
      line("\(step): not confirmed yet (\(error.message)); the host undoes it in \(undoneIn.components.seconds) s")
    case .lockHeld(let who, let left): locked(who, left)
    case .waiting(let host, let change):
      line("\(host): \(change.what) of run \(change.run) is confirmed or undone in \(change.secondsLeft) s; waiting")
    case .finished(let report): finished(report)
    case .blocked(let report): line("blocked  \(report.step): \(report.detail)")
    case .leaseInDoubt(let host, let error): line("the lease on \(host) could not be renewed: \(error)")
    case .stopping(let why): line("stopping: \(why)")
    case .ended: break
    }
  }

  private func locked(_ who: String, _ left: Duration) {
    let isNew = state.withLock { state in
      defer { state.lockSaid = true }
      return !state.lockSaid
    }
    if isNew { line("\(who); waiting for it, \(left.components.seconds) s at most") }
  }

  private func progress(_ step: StepID, _ words: String) {
    let isNew = state.withLock { state in
      defer { state.said[step] = words }
      return state.said[step] != words
    }
    if isNew { line("       \(step): \(words)") }
  }

  private func finished(_ report: StepReport) {
    let count = state.withLock { state in
      state.done += 1
      return "\(state.done)/\(state.total)"
    }
    let mark =
      switch report.result {
      case .done(let outcome): outcome.changed ? "ok  " : "same"
      case .failed: "FAIL"
      case .unknown: "?   "
      case .rolledBack: "UNDO"
      case .blocked, .notStarted: "-   "
      }
    line("\(mark) \(count)  \(report.step)  \(report.detail)  (\(Terminal.elapsed(report.seconds)))")
    if let next = report.next { line("       next: \(next)") }
  }

  private func line(_ text: String) {
    let passed = (ContinuousClock.now - began).components
    let seconds = Double(passed.seconds) + Double(passed.attoseconds) / 1e18
    Terminal.note(
      String(repeating: " ", count: max(0, 9 - Terminal.elapsed(seconds).count)) + Terminal.elapsed(seconds) + "  "
        + text)
  }
}

extension ClusterModel.Operation {
  /// Worth a line when it begins, because it takes a while.
  var isLong: Bool {
    switch self {
    case .ensurePackages, .ensureImage, .ensureImageFetched, .ensureCapture, .ensureClone, .ensureNode, .ensureCIB: true
    default: false
    }
  }
}
