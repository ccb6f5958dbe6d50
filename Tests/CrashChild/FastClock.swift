// SPDX-License-Identifier: Apache-2.0

/// Ten seconds in one: machines in memory need no waiting for. Not faster, since a disk that is busy writing holds up
/// the journal for seconds, and a change that is confirmed too late is undone.
struct FastClock: Clock {
  typealias Duration = Swift.Duration

  struct Instant: InstantProtocol {
    fileprivate var real: ContinuousClock.Instant
    func advanced(by duration: Swift.Duration) -> Instant { Instant(real: real + duration / 10) }
    func duration(to other: Instant) -> Swift.Duration { (other.real - real) * 10 }
    static func < (a: Instant, b: Instant) -> Bool { a.real < b.real }
  }

  var now: Instant { Instant(real: .now) }
  var minimumResolution: Swift.Duration { .milliseconds(1) }

  func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
    try await ContinuousClock().sleep(until: deadline.real)
  }
}
