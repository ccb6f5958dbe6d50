// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Which steps may start, which are in flight and what became of the others. A value: no tasks, no clock.
package struct RunProgress: Sendable {
  package struct Limits: Hashable, Sendable {
    /// Steps in flight on one host.
    package var perHost: Int
    package var total: Int
    /// Lanes with a width of their own, on each host: steps in them are limited by that alone. In any other lane there
    /// is one step at a time.
    package var lanes: [String: Int]

    package init(perHost: Int = 16, total: Int = 32, lanes: [String: Int] = [:]) {
      self.perHost = perHost
      self.total = total
      self.lanes = lanes
    }
  }

  /// `expecting`: its operation has done its part, and what others bring about is waited for.
  private enum State: Equatable { case waiting(Int), ready, running, expecting, ended }
  private struct Lane: Hashable, Comparable {
    var host: HostID, name: String
    static func < (a: Self, b: Self) -> Bool { (a.host, a.name) < (b.host, b.name) }
  }

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
  /// The same of steps in lanes with a width of their own.
  private var readyIn: [Lane: [Int]] = [:]
  private var runningIn: [Lane: Int] = [:]
  private var expecting = 0
  private var places: Places
  package private(set) var isStopped = false

  /// Throws when a step comes after one that does not exist.
  package init(_ steps: [Step], limits: Limits = Limits()) throws(ExecutionError) {
    self.steps = steps
    self.limits = limits
    numbers = Dictionary(steps.enumerated().map { ($1.id, $0) }) { first, _ in first }
    followers = Array(repeating: [], count: steps.count)
    states = steps.map { .waiting($0.after.count) }
    results = Array(repeating: nil, count: steps.count)
    places = Places(steps)
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
    var taken = takeReadyInLanes()
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

  private mutating func takeReadyInLanes() -> [Step] {
    var taken: [Step] = []
    for (lane, waiting) in readyIn.sorted(by: { $0.key < $1.key }) {
      let free = max(1, limits.lanes[lane.name] ?? 1) - runningIn[lane, default: 0]
      guard free > 0, !waiting.isEmpty else { continue }
      let next = waiting.prefix(free)
      for index in next { states[index] = .running }
      runningIn[lane, default: 0] += next.count
      readyIn[lane] = Array(waiting.dropFirst(next.count))
      taken += next.map { steps[$0] }
    }
    return taken
  }

  /// The lane of a step that is limited by the lane's own width. Nil: it is limited like most.
  private func wideLane(_ step: Step) -> Lane? {
    if limits.lanes.isEmpty { return nil }
    return step.operation.lane.flatMap { limits.lanes[$0] == nil ? nil : Lane(host: step.host, name: $0) }
  }

  /// Notes that the operation of a step in flight has done its part: it holds up nobody while it waits for the rest.
  package mutating func expect(_ id: StepID) {
    guard let index = numbers[id], states[index] == .running else { return }
    states[index] = .expecting
    expecting += 1
    leaveSlot(steps[index])
  }

  /// Notes what became of a step in flight, or of what it waited for. Gives the reports of steps that it blocks.
  package mutating func record(_ report: StepReport) -> [StepReport] {
    guard let index = numbers[report.step] else { return [] }
    switch states[index] {
    case .running: leaveSlot(steps[index])
    case .expecting: expecting -= 1
    case .waiting, .ready, .ended: return []
    }
    states[index] = .ended
    results[index] = report
    for next in places.leave(index, succeeded: report.succeeded) { enqueue(next) }
    return (report.succeeded ? release(index) : block(after: index)) + blockPlaceless()
  }

  private mutating func leaveSlot(_ step: Step) {
    if let lane = wideLane(step) {
      runningIn[lane, default: 0] -= 1
      return
    }
    runningOn[step.host, default: 0] -= 1
    runningInAll -= 1
    if let lane = step.operation.lane { busy.remove(Lane(host: step.host, name: lane)) }
  }

  /// From here on no step is started. Those in flight go on.
  package mutating func stop() { isStopped = true }

  package var inFlight: Int { runningInAll + runningIn.values.reduce(0, +) }
  /// Nothing is in flight or waited for, and nothing will be started.
  package var isOver: Bool { inFlight == 0 && expecting == 0 && (isStopped || nothingIsReady) }
  private var nothingIsReady: Bool { ready.values.allSatisfy(\.isEmpty) && readyIn.values.allSatisfy(\.isEmpty) }

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
      let report = blockedReport(index, by: failed)
      states[index] = .ended
      results[index] = report
      blocked.append(report)
      open += followers[index]
    }
    return blocked
  }

  /// Where all places are those of machines that will not come back, the others cannot have their turn.
  private mutating func blockPlaceless() -> [StepReport] {
    guard inFlight == 0, expecting == 0, !isStopped, nothingIsReady else { return [] }
    var blocked: [StepReport] = []
    for (pool, waiting) in places.giveUp() {
      let keeper = steps.indices.first { steps[$0].place?.pool == pool && results[$0]?.succeeded == false }
      guard let keeper else { continue }
      for index in waiting {
        let report = blockedReport(index, by: keeper)
        results[index] = report
        states[index] = .ended
        blocked.append(report)
        blocked += block(after: index)
      }
    }
    return blocked
  }

  private func blockedReport(_ index: Int, by cause: Int) -> StepReport {
    StepReport(
      step: steps[index].id, host: steps[index].host, result: .blocked(by: steps[cause].id), startedAt: nil,
      seconds: 0, attempts: 0)
  }

  private mutating func makeReady(_ index: Int) {
    states[index] = .ready
    if places.take(index) { enqueue(index) }
  }

  private mutating func enqueue(_ index: Int) {
    if let lane = wideLane(steps[index]) {
      readyIn[lane, default: []].insertInOrder(index)
    } else {
      ready[steps[index].host, default: []].insertInOrder(index)
    }
  }
}
