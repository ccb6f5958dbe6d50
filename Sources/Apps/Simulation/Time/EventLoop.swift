// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// One thread and one line of virtual time, in which a whole simulated site happens: the jobs of its processes, the
/// messages on their way, the machines at work.
///
/// Time stands still while anything can run, and then jumps to the next thing that waits for it. Which of several jobs
/// runs next is drawn, so that another seed tries another order; the same seed always repeats everything.
package final class EventLoop: Sendable {
  private enum Work: Sendable {
    case job(UnownedJob, SimulatedProcess)
    case event(@Sendable () -> Void)
  }

  /// Names one thing that waits for its time.
  package struct TimerID: Hashable, Sendable { fileprivate var number: Int }

  private struct State {
    var now = Duration.zero
    var ready: [Work] = []
    var timers = TimerQueue()
    var actions: [Int: @Sendable () -> Void] = [:]
    var lastTimer = 0
    var random: SplitMix
    var jobs = 0
  }

  private let state: Mutex<State>

  package init(seed: UInt64) { state = Mutex(State(random: SplitMix(seed: seed))) }

  /// Since the simulation began.
  package var now: Duration { state.withLock { $0.now } }
  /// How many jobs have run so far.
  package var jobs: Int { state.withLock { $0.jobs } }

  func enqueue(_ job: UnownedJob, of process: SimulatedProcess) {
    state.withLock { $0.ready.append(.job(job, process)) }
  }

  /// Does something after a while. Must not be called from another thread.
  @discardableResult
  package func after(_ delay: Duration, _ action: @escaping @Sendable () -> Void) -> TimerID {
    state.withLock { state in
      state.lastTimer += 1
      state.actions[state.lastTimer] = action
      state.timers.insert(.init(at: state.now + max(.zero, delay), number: state.lastTimer))
      return TimerID(number: state.lastTimer)
    }
  }

  package func cancel(_ timer: TimerID) { state.withLock { _ = $0.actions.removeValue(forKey: timer.number) } }

  package enum Ending: Sendable {
    case over
    /// Nothing can run, and nothing waits for a time: whoever is not done waits for ever.
    case stuck
    case tooLong
  }

  /// Lets everything happen until `isOver`, on this thread.
  ///
  /// - Parameter limit: so many jobs and events are too many.
  package func run(atMost limit: Int, until isOver: () -> Bool) -> Ending {
    var done = 0
    while !isOver() {
      guard let work = next() else { return .stuck }
      switch work {
      case .event(let action): action()
      case .job(let job, let process): process.run(job)
      }
      done += 1
      if done > limit { return .tooLong }
    }
    return .over
  }

  private func next() -> Work? {
    state.withLock { state in
      if !state.ready.isEmpty {
        let index = state.ready.count == 1 ? 0 : state.random.below(state.ready.count)
        state.ready.swapAt(index, state.ready.count - 1)
        state.jobs += 1
        return state.ready.popLast()
      }
      while let timer = state.timers.popFirst() {
        guard let action = state.actions.removeValue(forKey: timer.number) else { continue }
        state.now = timer.at
        return .event(action)
      }
      return nil
    }
  }
}

/// Times to come, soonest first; of equal ones that which was set first. A binary heap.
private struct TimerQueue {
  struct Entry: Comparable {
    var at: Duration
    var number: Int
    static func < (a: Entry, b: Entry) -> Bool { (a.at, a.number) < (b.at, b.number) }
  }

  private var heap: [Entry] = []

  mutating func insert(_ entry: Entry) {
    heap.append(entry)
    var child = heap.count - 1
    while child > 0, heap[child] < heap[(child - 1) / 2] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popFirst() -> Entry? {
    guard heap.count > 1 else { return heap.popLast() }
    heap.swapAt(0, heap.count - 1)
    let first = heap.popLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
        least = child
      }
      if least == parent { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
