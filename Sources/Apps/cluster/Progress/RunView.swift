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
  }

  /// The expected time, or nil where none is known: later rounds of a run are not part of the estimate.
  private(set) var estimate: RunEstimate?
  private(set) var run = ""
  private(set) var total: Int
  /// Steps that will not be tried any more: done, failed or blocked.
  private(set) var done: Set<StepID> = []
  /// In the order in which they began.
  private(set) var running: [Running] = []
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

  var waiting: Int { max(0, total - done.count - running.count) }

  /// Seconds until the end. Nil: nothing is known about that.
  func left(at now: Double) -> Double? {
    guard let estimate, stopping == nil, !isOver else { return nil }
    // What runs counts as done as far as it should be by now.
    var left = estimate.left(done: done)
    for one in running {
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
      (run, total, done, running, isOver) = (token.run, steps, [], [], false)
      (succeeded, failed, blocked) = (0, 0, 0)
    case .started(let step):
      running.append(Running(step: step, since: now))
      return step.operation.isLong
    case .progress(let id, let words):
      guard let index = running.firstIndex(where: { $0.step.id == id }) else { return false }
      defer { running[index].said = words }
      return running[index].said != words
    case .finished(let report):
      running.removeAll { $0.step.id == report.step }
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
