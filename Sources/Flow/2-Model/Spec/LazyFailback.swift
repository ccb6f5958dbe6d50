// SPDX-License-Identifier: Apache-2.0

/// The conditions on which services go back to the first head by themselves: `ha: failback: lazy`.
package struct LazyFailback: Hashable, Sendable {
  /// When they may go. Nil: at any time of the day.
  package var within: TimesOfDay?
  /// For so long nothing is to be due that would have to wait: a few times of what a switchover takes.
  package var gap: Duration

  package static let defaultGap = Duration.seconds(30)

  package init(within: TimesOfDay? = nil, gap: Duration = defaultGap) {
    self.within = within
    self.gap = gap
  }
}

/// A part of each day, in the zone of who looks at the clock: `22:00-06:00`.
package struct TimesOfDay: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Minutes since midnight.
  package let from: Int
  /// It is no part of it.
  package let until: Int

  /// Reads the text. Nil: it is none, or it has no length.
  package init?(_ text: String) {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(Self.minute)
    guard ends.count == 2, let from = ends[0], let until = ends[1], from != until else { return nil }
    self.from = from
    self.until = until
  }

  private static func minute(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let isDigits = parts.allSatisfy { $0.utf8.count == 2 && $0.utf8.allSatisfy { (48...57).contains($0) } }
    guard parts.count == 2, isDigits, let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60
    else { return nil }
    return hour * 60 + minute
  }

  /// - Parameter minute: since midnight.
  package func contains(_ minute: Int) -> Bool {
    from < until ? (from..<until).contains(minute) : minute >= from || minute < until
  }

  package var description: String { "\(Self.clock(from))-\(Self.clock(until))" }

  package static func clock(_ minute: Int) -> String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(two(minute / 60)):\(two(minute % 60))"
  }
}
