// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The moment at which a unit was started, by two clocks that cannot both be wrong in the same way.
///
/// A head's clock steps: a battery is empty, a firmware keeps local time, and then an NTP server is found. What systemd
/// noted by the wall clock may then lie in the future, and a file written before the step may seem older than it is.
struct Start: Sendable, Equatable {
  /// The wall clock's time when it happened, as systemd noted it: nanoseconds since 1970.
  var noted: Int64
  /// The time since then by a clock that never steps, in nanoseconds.
  var ago: Int64
  /// The wall clock now: nanoseconds since 1970.
  var now: Int64

  /// Whether it came after a file's change, whichever clock one believes. A wrong "no" costs one reload too many.
  func isAfter(_ change: Int64) -> Bool { change <= noted && change <= now - ago }

  /// - Parameter monotonic: systemd's `ActiveEnterTimestampMonotonic`, in microseconds of CLOCK_MONOTONIC.
  init(noted: Int64, monotonic: Int64) {
    self.init(noted: noted, ago: Self.read(CLOCK_MONOTONIC) - monotonic * 1000, now: Self.read(CLOCK_REALTIME))
  }

  init(noted: Int64, ago: Int64, now: Int64) {
    (self.noted, self.ago, self.now) = (noted, ago, now)
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
