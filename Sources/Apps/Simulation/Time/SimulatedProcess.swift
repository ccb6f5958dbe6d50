// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A program that runs in an `EventLoop`: the tasks that it started, on an executor of their own.
///
/// It can be killed between any two of its jobs. From then on it does nothing more, like a process after SIGKILL; what
/// it sent is on its way, and what it kept is kept.
package final class SimulatedProcess: TaskExecutor {
  package let name: String
  package let pid: Int32
  private let loop: EventLoop
  private let state = Mutex(State())

  private struct State {
    var isKilled = false
    var isBuried = false
    /// Jobs that the killed process would have run.
    var frozen: [UnownedJob] = []
    /// It is killed after so many more jobs.
    var jobsLeft: Int?
    var whenKilled: (@Sendable () -> Void)?
  }

  package init(_ name: String, pid: Int32, in loop: EventLoop) {
    self.name = name
    self.pid = pid
    self.loop = loop
  }

  package var isKilled: Bool { state.withLock { $0.isKilled } }

  package func enqueue(_ job: consuming ExecutorJob) { loop.enqueue(UnownedJob(job), of: self) }

  package func run(_ job: UnownedJob) {
    let (runs, told) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
      if state.isBuried { return (true, nil) }
      var told: (@Sendable () -> Void)?
      if let left = state.jobsLeft, !state.isKilled {
        state.jobsLeft = left - 1
        if left <= 0 {
          (state.isKilled, told) = (true, state.whenKilled)
          state.whenKilled = nil
        }
      }
      if state.isKilled { state.frozen.append(job) }
      return (!state.isKilled, told)
    }
    told?()
    if runs { job.runSynchronously(on: asUnownedTaskExecutor()) }
  }

  /// Kills it after so many more of its jobs.
  package func kill(afterJobs jobs: Int, _ told: @escaping @Sendable () -> Void) {
    state.withLock {
      $0.jobsLeft = jobs
      $0.whenKilled = told
    }
  }

  package func kill() { state.withLock { $0.isKilled = true } }

  /// Lets the tasks of a killed process end, so that nothing of them is left in memory. Whatever they try from now on
  /// must fail: who gives a process something to do asks `isKilled` first.
  package func bury() {
    let frozen = state.withLock { state in
      state.isBuried = true
      // It knows the process, and would keep it.
      state.whenKilled = nil
      defer { state.frozen = [] }
      return state.frozen
    }
    for job in frozen { loop.enqueue(job, of: self) }
  }

  /// Starts a task of the process.
  @discardableResult
  package func start(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    Task(executorPreference: self) { await body() }
  }
}
