// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import HostAccess
import Planning

/// The state of a run in progress. A value: events and times in, text out (`lines(for:)`, `table`).
struct RunView {
  struct Running: Hashable {
    var step: Step
    /// Seconds since the run began.
    var since: Double
    /// Its last message.
    var said: String?
    /// The wait for others, since its operation has done its part.
    var wait: Wait?
  }

  /// The expected time, or nil where none is known: later rounds of a run are not part of the estimate.
  private(set) var estimate: RunEstimate?
  private(set) var run = ""
  private(set) var total: Int
  /// Steps that will not be tried any more: done, failed or blocked.
  private(set) var done: Set<StepID> = []
  private(set) var inFlight: [StepID: Running] = [:]
  private(set) var expecting = 0
  /// A line for all machines that are waited for and got equally far.
  private(set) var waits: [String] = []
  private(set) var succeeded = 0
  private(set) var failed = 0
  private(set) var blocked = 0
  private(set) var stopping: String?
  private(set) var isOver = false
  private var lockSaid = false

  init(steps: Int, estimate: RunEstimate? = nil) {
    total = steps
    self.estimate = estimate
  }

  /// In the order in which they began.
  var running: [Running] { inFlight.values.sorted { ($0.since, $0.step.id) < ($1.since, $1.step.id) } }
  var waiting: Int { max(0, total - done.count - inFlight.count) }

  /// Seconds until the end. Nil: nothing is known about that.
  func left(at now: Double) -> Double? {
    guard let estimate, stopping == nil, !isOver else { return nil }
    // What runs counts as done as far as it should be by now.
    var left = estimate.left(done: done)
    for one in inFlight.values {
      guard let expected = estimate.seconds[one.step.id], expected > 0 else { continue }
      let all = estimate.left(done: done) - estimate.left(done: done.union([one.step.id]))
      left -= all * min(1, (now - one.since) / expected)
    }
    return max(0, left)
  }

  /// Takes an event, and says whether it is worth a line of its own: a progress line that repeats itself is not.
  mutating func take(_ event: RunEvent, at now: Double) -> Bool {
    switch event {
    case .began(let token, let steps):
      if !run.isEmpty { estimate = nil }
      (run, total, done, inFlight, isOver) = (token.run, steps, [], [:], false)
      (succeeded, failed, blocked, expecting, waits) = (0, 0, 0, 0, [])
    case .started(let step):
      inFlight[step.id] = Running(step: step, since: now)
      return step.operation.isLong
    case .progress(let id, let words):
      guard inFlight[id] != nil else { return false }
      defer { inFlight[id]?.said = words }
      return inFlight[id]?.said != words
    case .expecting(let found):
      for id in inFlight.keys { inFlight[id]?.wait = found[id] }
      expecting = found.count
      let old = waits
      waits = waitLines
      return waits != old
    case .finished(let report):
      if inFlight.removeValue(forKey: report.step)?.wait != nil { expecting -= 1 }
      done.insert(report.step)
      if report.succeeded { succeeded += 1 } else { failed += 1 }
    case .blocked(let report):
      done.insert(report.step)
      blocked += 1
    case .stopping(let why): stopping = why
    case .lockHeld:
      defer { lockSaid = true }
      return !lockSaid
    case .ended:
      isOver = true
      return false
    case .foundInterrupted, .retrying, .unconfirmed, .waiting, .headSilent, .without, .leaseInDoubt: break
    }
    return true
  }
}

extension AnyOperation {
  /// Worth a line when it begins, because it takes a while.
  var isLong: Bool { timing.expectedSeconds >= 10 }
}

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
