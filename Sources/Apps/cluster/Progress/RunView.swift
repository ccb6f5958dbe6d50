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
