// SPDX-License-Identifier: Apache-2.0

/// One of the few machines of a pool that may be away at once.
///
/// A step takes its place when it may begin, and gives it back when it has succeeded: a machine that does not come back
/// keeps its place, and the others go on with the places that are left.
package struct Place: Hashable, Codable, Sendable {
  /// The machines that share the number: `nodes`.
  package var pool: String
  /// How many of them may be away at once.
  package var of: Int
  /// Its machine is away already, and so has a place, whatever the number says.
  package var isAway: Bool
  /// How many of them may be on their way back at once, whether or not they were away before.
  package var atOnce: Int

  package init(in pool: String, of: Int, isAway: Bool, atOnce: Int = .max) {
    self.atOnce = atOnce
    self.pool = pool
    self.of = of
    self.isAway = isAway
  }

  /// How many of the pool are taken at a time.
  package var width: Int { min(of, atOnce) }
}

/// The places of a plan's steps: who has one, and who waits for one. A value, for those who carry a plan out and for
/// those who forecast it. Steps are numbers in here, in the plan's order.
package struct Places: Sendable {
  private struct Queue {
    var steps: [Int] = []
    /// The number of steps that have got their place.
    var next = 0
  }

  private let places: [Place?]
  private var away: [String: Int] = [:]
  private var onTheirWay: [String: Int] = [:]
  private var waiting: [String: Queue] = [:]

  package init(_ steps: [Step]) {
    places = steps.map(\.place)
    for case let place? in places where place.isAway { away[place.pool, default: 0] += 1 }
  }

  /// Takes the place of a step that may begin otherwise. False: none is free, and the step waits for one.
  package mutating func take(_ step: Int) -> Bool {
    guard let place = places[step] else { return true }
    guard isFree(place) else {
      waiting[place.pool, default: Queue()].steps.insertInOrder(step)
      return false
    }
    occupy(place)
    return true
  }

  /// Gives the place of a step back; one that has failed stays away. Gives the steps that have a place by that.
  package mutating func leave(_ step: Int, succeeded: Bool) -> [Int] {
    guard let place = places[step] else { return [] }
    onTheirWay[place.pool, default: 0] -= 1
    if succeeded { away[place.pool, default: 0] -= 1 }
    var taken: [Int] = []
    while let queue = waiting[place.pool], queue.next < queue.steps.count, let other = places[queue.steps[queue.next]],
      isFree(other)
    {
      waiting[place.pool]?.next += 1
      occupy(other)
      taken.append(queue.steps[queue.next])
    }
    return taken
  }

  /// The steps that wait for a place, by pool. Afterwards none does.
  package mutating func giveUp() -> [(pool: String, steps: [Int])] {
    defer { waiting = [:] }
    return waiting.sorted { $0.key < $1.key }.map { ($0.key, Array($0.value.steps[$0.value.next...])) }
  }

  private func isFree(_ place: Place) -> Bool {
    (place.isAway || away[place.pool, default: 0] < place.of)
      && onTheirWay[place.pool, default: 0] < place.atOnce
  }

  private mutating func occupy(_ place: Place) {
    onTheirWay[place.pool, default: 0] += 1
    if !place.isAway { away[place.pool, default: 0] += 1 }
  }
}

extension [Int] {
  /// Inserts a number into a list that is in order.
  package mutating func insertInOrder(_ number: Int) {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] > number { high = middle } else { low = middle + 1 }
    }
    insert(number, at: low)
  }
}
