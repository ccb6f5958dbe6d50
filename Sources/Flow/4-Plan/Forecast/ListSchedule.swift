// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The executor's schedule played through on paper: what is ready starts in the order of the plan while the limits
/// allow it, and time goes on to the next end.
struct ListSchedule {
  private struct Queue: Hashable {
    var host: HostID
    /// The lane of the step. Nil: none, as many at once as the host allows.
    var lane: String?
  }

  private let steps: [Step]
  private let seconds: [Double]
  private let basis: ForecastBasis
  private var waitsFor: [Int]
  private var followers: [[Int]]
  private var ready: [Queue: [Int]] = [:]
  /// In the order in which they were first needed, so that the same plan always has the same schedule.
  private var queues: [Queue] = []
  private var heads: [Queue: Int] = [:]
  private var runningIn: [Queue: Int] = [:]
  /// Steps in flight that count against the limits of hosts: those in lanes with a width of their own do not.
  private var counted = 0
  private var runningOn: [HostID: Int] = [:]
  /// Ends of steps, and of the work of those that wait for what others bring about: their numbers are negative.
  private var running = EndQueue()
  private var places: Places
  private var time = 0.0

  /// Seconds from the first step to the last.
  static func length(_ steps: [Step], _ seconds: [Double], _ basis: ForecastBasis) -> Double {
    var schedule = ListSchedule(steps, seconds, basis)
    schedule.start()
    while let (end, step) = schedule.running.removeFirst() {
      schedule.time = end
      if step < 0 { schedule.leaveSlot(-step - 1) } else { schedule.finish(step) }
      schedule.start()
    }
    return schedule.time
  }

  private init(_ steps: [Step], _ seconds: [Double], _ basis: ForecastBasis) {
    self.steps = steps
    self.seconds = seconds
    self.basis = basis
    places = Places(steps)
    var numbers: [StepID: Int] = Dictionary(minimumCapacity: steps.count)
    waitsFor = Array(repeating: 0, count: steps.count)
    followers = Array(repeating: [], count: steps.count)
    for (index, step) in steps.enumerated() {
      numbers[step.id] = index
      for other in step.after {
        guard let earlier = numbers[other] else { continue }
        followers[earlier].append(index)
        waitsFor[index] += 1
      }
    }
    for index in steps.indices where waitsFor[index] == 0 { makeReady(index) }
  }

  private mutating func makeReady(_ step: Int) {
    if places.take(step) { enqueue(step) }
  }

  private mutating func enqueue(_ step: Int) {
    let queue = Queue(host: steps[step].host, lane: steps[step].operation.lane)
    if ready[queue] == nil { queues.append(queue) }
    ready[queue, default: []].append(step)
  }

  private mutating func start() {
    for queue in queues {
      while hasRoom(queue), let step = next(queue) {
        count(queue, 1)
        running.insert(time + seconds[step], step)
        if let busy = busySeconds(step) { running.insert(time + busy, -step - 1) }
      }
    }
  }

  private func width(_ queue: Queue) -> Int? { queue.lane.flatMap { basis.limits.lanes[$0] } }

  private func hasRoom(_ queue: Queue) -> Bool {
    if let width = width(queue) { return runningIn[queue, default: 0] < max(1, width) }
    return counted < max(1, basis.limits.total)
      && runningOn[queue.host, default: 0] < max(1, basis.limits.perHost)
      && (queue.lane == nil || runningIn[queue, default: 0] == 0)
  }

  private mutating func count(_ queue: Queue, _ change: Int) {
    runningIn[queue, default: 0] += change
    guard width(queue) == nil else { return }
    counted += change
    runningOn[queue.host, default: 0] += change
  }

  private mutating func next(_ queue: Queue) -> Int? {
    let place = heads[queue, default: 0]
    guard let waiting = ready[queue], place < waiting.count else { return nil }
    heads[queue] = place + 1
    return waiting[place]
  }

  /// How long a step holds its slot, where it waits without one afterwards.
  private func busySeconds(_ step: Int) -> Double? {
    steps[step].operation.timing.busySeconds.map { min($0, seconds[step]) }
  }

  private mutating func leaveSlot(_ step: Int) {
    let queue = Queue(host: steps[step].host, lane: steps[step].operation.lane)
    count(queue, -1)
  }

  private mutating func finish(_ step: Int) {
    if busySeconds(step) == nil { leaveSlot(step) }
    for next in places.leave(step, succeeded: true) { enqueue(next) }
    for follower in followers[step] {
      waitsFor[follower] -= 1
      if waitsFor[follower] == 0 { makeReady(follower) }
    }
  }
}

/// Steps in flight, the one that ends first in front: a binary heap.
private struct EndQueue {
  private var entries: [(end: Double, step: Int)] = []
  var count: Int { entries.count }

  mutating func insert(_ end: Double, _ step: Int) {
    entries.append((end, step))
    var index = entries.count - 1
    while index > 0, comes(index, before: (index - 1) / 2) {
      entries.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func removeFirst() -> (end: Double, step: Int)? {
    guard let first = entries.first else { return nil }
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    var index = 0
    while true {
      let children = [2 * index + 1, 2 * index + 2].filter { $0 < entries.count }
      guard let smallest = children.min(by: { comes($0, before: $1) }), comes(smallest, before: index) else { break }
      entries.swapAt(index, smallest)
      index = smallest
    }
    return first
  }

  /// Orders steps that end together as the plan does, so that a forecast is the same every time.
  private func comes(_ a: Int, before b: Int) -> Bool {
    (entries[a].end, entries[a].step) < (entries[b].end, entries[b].step)
  }
}
