// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AgentServer

/// Whether a file changed before a unit was started, on hosts whose clocks step.
@Suite struct StartTests {
  private static let second: Int64 = 1_000_000_000
  /// The right time, when the question is asked.
  private static let now: Int64 = 1_800_000_000 * second

  private func start(noted: Int64, ago: Int64) -> Start { Start(noted: noted, ago: ago, now: Self.now) }

  @Test func aSteadyClock() {
    let start = start(noted: Self.now - 60 * Self.second, ago: 60 * Self.second)

    #expect(start.isAfter(Self.now - 61 * Self.second))
    #expect(!start.isAfter(Self.now - 59 * Self.second))
  }

  /// Started while the clock was an hour ahead; the file was written when it was right again.
  @Test func aClockThatWasAhead() {
    let start = start(noted: Self.now + 3540 * Self.second, ago: 60 * Self.second)

    #expect(!start.isAfter(Self.now - 10 * Self.second))
    #expect(start.isAfter(Self.now - 90 * Self.second))
  }

  /// Started and then changed while the clock was at 1970; since then it has been set.
  @Test func aClockThatWasBehind() {
    let start = start(noted: 10 * Self.second, ago: 600 * Self.second)

    #expect(!start.isAfter(70 * Self.second))
    #expect(start.isAfter(5 * Self.second))
  }
}
