// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Which steps may start, which are in flight and what became of the others. A value: no tasks, no clock.
package struct RunProgress: Sendable {
  package struct Limits: Hashable, Sendable {
    /// Steps in flight on one host. Nodes that boot are steps on the head that boots them.
    package var perHost: Int
    package var total: Int

    package init(perHost: Int = 16, total: Int = 32) {
      self.perHost = perHost
      self.total = total
    }
  }

  private enum State: Equatable { case waiting(Int), ready, running, ended }
  private struct Lane: Hashable { var host: HostID, name: String }

  package let steps: [Step]
  private let limits: Limits
  private let numbers: [StepID: Int]
  private var followers: [[Int]]
  private var states: [State]
  private var results: [StepReport?]
  /// Steps that may start, by host, in the plan's order.
  private var ready: [HostID: [Int]] = [:]
  private var runningOn: [HostID: Int] = [:]
  private var busy: Set<Lane> = []
  private var runningInAll = 0
  package private(set) var isStopped = false

  /// Throws when a step comes after one that does not exist.
  package init(_ steps: [Step], limits: Limits = Limits()) throws(ExecutionError) {
    self.steps = steps
    self.limits = limits
    numbers = Dictionary(steps.enumerated().map { ($1.id, $0) }) { first, _ in first }
    followers = Array(repeating: [], count: steps.count)
    states = steps.map { .waiting($0.after.count) }
    results = Array(repeating: nil, count: steps.count)
    for (index, step) in steps.enumerated() {
      for other in step.after {
        guard let earlier = numbers[other] else {
          throw .invalidPlan("\(step.id) comes after \(other), which is missing")
        }
        followers[earlier].append(index)
      }
      if step.after.isEmpty { makeReady(index) }
    }
  }

  /// The steps to start now; they count as in flight until they are recorded.
  package mutating func takeReady() -> [Step] {
    if isStopped { return [] }
    var taken: [Step] = []
    for host in ready.keys.sorted() {
      var kept: [Int] = []
      var queue = (ready[host] ?? [])[...]
      while let index = queue.first, runningOn[host, default: 0] < limits.perHost, runningInAll < limits.total {
        queue.removeFirst()
        let lane = steps[index].operation.lane.map { Lane(host: host, name: $0) }
        if let lane, !busy.insert(lane).inserted {
          kept.append(index)
          continue
        }
        states[index] = .running
        runningOn[host, default: 0] += 1
        runningInAll += 1
        taken.append(steps[index])
      }
      ready[host] = kept + queue
    }
    return taken
  }

  /// Notes what became of a step in flight. Gives the reports of steps that are blocked by it.
  package mutating func record(_ report: StepReport) -> [StepReport] {
    guard let index = numbers[report.step], states[index] == .running else { return [] }
    let step = steps[index]
    states[index] = .ended
    results[index] = report
    runningOn[step.host, default: 0] -= 1
    runningInAll -= 1
    if let lane = step.operation.lane { busy.remove(Lane(host: step.host, name: lane)) }
    return report.succeeded ? release(index) : block(after: index)
  }

  /// From here on no step is started. Those in flight go on.
  package mutating func stop() { isStopped = true }

  package var inFlight: Int { runningInAll }
  /// Nothing is in flight and nothing will be started.
  package var isOver: Bool { runningInAll == 0 && (isStopped || ready.values.allSatisfy(\.isEmpty)) }

  /// One report for each step, in the plan's order.
  package var reports: [StepReport] {
    steps.indices.map { index in
      results[index]
        ?? StepReport(
          step: steps[index].id, host: steps[index].host, result: .notStarted, startedAt: nil, seconds: 0, attempts: 0)
    }
  }

  private mutating func release(_ index: Int) -> [StepReport] {
    for follower in followers[index] {
      guard case .waiting(let count) = states[follower] else { continue }
      states[follower] = .waiting(count - 1)
      if count == 1 { makeReady(follower) }
    }
    return []
  }

  private mutating func block(after failed: Int) -> [StepReport] {
    var blocked: [StepReport] = []
    var open = followers[failed]
    while let index = open.popLast() {
      guard case .waiting = states[index] else { continue }
      let report = StepReport(
        step: steps[index].id, host: steps[index].host, result: .blocked(by: steps[failed].id), startedAt: nil,
        seconds: 0, attempts: 0)
      states[index] = .ended
      results[index] = report
      blocked.append(report)
      open += followers[index]
    }
    return blocked
  }

  private mutating func makeReady(_ index: Int) {
    states[index] = .ready
    var queue = ready[steps[index].host] ?? []
    ready[steps[index].host] = nil
    let place = queue.partitioningIndex { $0 > index }
    queue.insert(index, at: place)
    ready[steps[index].host] = queue
  }
}

extension [Int] {
  /// The first index whose element satisfies `belongsBehind`, in a list where all that do come last.
  fileprivate func partitioningIndex(_ belongsBehind: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if belongsBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
