// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Times as `systemctl show --timestamp=us+utc` writes them: `Fri 2026-11-20 13:05:09.123456 UTC`.
enum Timestamp {
  /// Nanoseconds since 1970; 0 when there is no time.
  static func nanoseconds(_ text: String) throws(AgentError) -> Int64 {
    if text.isEmpty || text == "n/a" || text == "0" { return 0 }
    let parts = text.split(separator: " ")
    guard parts.count == 4, parts[3] == "UTC" else { throw unfit(text) }
    let date = parts[1].split(separator: "-").compactMap { Int64($0) }
    let clock = parts[2].split(separator: ":")
    guard date.count == 3, clock.count == 3, let hours = Int64(clock[0]), let minutes = Int64(clock[1]) else {
      throw unfit(text)
    }
    let seconds = clock[2].split(separator: ".")
    guard let whole = seconds.first.flatMap({ Int64($0) }) else { throw unfit(text) }
    let digits = seconds.count > 1 ? String(seconds[1]) : ""
    guard let fraction = Int64(String((digits + "000000000").prefix(9))) else { throw unfit(text) }
    let inDays = days(year: date[0], month: date[1], day: date[2]) * 86_400
    return (inDays + hours * 3600 + minutes * 60 + whole) * 1_000_000_000 + fraction
  }

  /// Days since 1970 in the Gregorian calendar, by counting years from March so that leap days come last.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let fromMarch = (month + 9) % 12
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * fromMarch + 2) / 5 + day - 1 - 719_468
  }

  private static func unfit(_ text: String) -> AgentError {
    AgentError(
      .invalid, "systemd's time \"\(text)\" cannot be understood",
      next: "Use systemd 252 or newer on this host: `systemctl --version`.")
  }
}
