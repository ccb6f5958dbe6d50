// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution

extension RunView {
  /// The lines that tell of an event, without the time.
  func lines(for event: RunEvent) -> [String] {
    switch event {
    case .foundInterrupted(let run):
      [
        "run \(run.id) was interrupted after \(run.finished) of \(run.total) steps; in flight then: "
          + (run.inFlight.isEmpty ? "none" : run.inFlight.map(\.text).joined(separator: ", "))
      ]
    case .began(let token, let steps): ["run \(token.run), \(steps) steps"]
    case .started(let step): ["…    \(step.id)"]
    case .progress(let step, let words): ["       \(step): \(words)"]
    case .retrying(let step, let attempt, let of, let error, let after):
      ["\(step): \(error.message); attempt \(attempt) of \(of) in \(Terminal.elapsed(after / .seconds(1)))"]
    case .unconfirmed(let step, let error, let undoneIn):
      ["\(step): not confirmed yet (\(error.message)); the host undoes it in \(undoneIn.components.seconds) s"]
    case .lockHeld(let who, let left): ["\(who); waiting for it, \(left.components.seconds) s at most"]
    case .waiting(let host, let change):
      ["\(host): \(change.what) of run \(change.run) is undone in \(change.secondsLeft) s; waiting for that"]
    case .headSilent(let host, let error, let left):
      [
        "\(host) cannot be asked whether another run is at work there (\(error.message)); waiting for it, "
          + "\(left.components.seconds) s at most"
      ]
    case .without(let host): ["nothing can be at work on \(host); going on without it"]
    case .expecting: waits.map { "       waiting for \($0)" }
    case .finished(let report): finished(report)
    case .blocked(let report): ["blocked  \(report.step): \(report.detail)"]
    case .leaseInDoubt(let host, let error): ["the lease on \(host) could not be renewed: \(error.message)"]
    case .stopping(let why): ["stopping: \(why)"]
    case .ended: []
    }
  }

  private func finished(_ report: StepReport) -> [String] {
    let mark =
      switch report.result {
      case .done(let outcome): outcome.changed ? "ok  " : "same"
      case .failed: "FAIL"
      case .unknown: "?   "
      case .rolledBack: "UNDO"
      case .blocked, .notStarted: "-   "
      }
    let line =
      "\(mark) \(done.count)/\(total)  \(report.step)  \(report.detail)  (\(Terminal.elapsed(report.seconds)))"
    return [line] + (report.next.map { ["       next: \($0)"] } ?? [])
  }

  /// A line with the time since the run began before it.
  static func timed(_ line: String, at now: Double) -> String {
    let time = Terminal.elapsed(now)
    return String(repeating: " ", count: max(0, 9 - time.count)) + time + "  " + line
  }
}
