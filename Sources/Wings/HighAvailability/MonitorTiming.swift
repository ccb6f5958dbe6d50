// SPDX-License-Identifier: Apache-2.0

/// How long a monitor of our resource agents stays and goes on looking. The agents and the CIB have to agree on it.
package enum MonitorTiming {
  /// Whatever else Pacemaker asks of a resource waits for a monitor that is at work, so it does not stay for long.
  private static let longest = 9000

  /// Milliseconds that a monitor with this interval stays. To start one costs more than all that it looks at meanwhile.
  package static func stay(interval milliseconds: Int) -> Int { min(9 * milliseconds, longest) }

  static func stay(every interval: Duration) -> Duration {
    .milliseconds(stay(interval: Int(interval.milliseconds)))
  }
}
