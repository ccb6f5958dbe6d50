// SPDX-License-Identifier: Apache-2.0

/// A day of the distribution's archive, as `as_of:` names it: `2026-11-28`. It begins at midnight UTC.
package struct ArchiveDate: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let year: Int
  package let month: Int
  package let day: Int

  /// Reads a day. Nil when the text is none of the calendar, or not written as ISO 8601 has it.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2], parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]), year >= 1970,
      (1...12).contains(month), (1...Self.days(in: month, year)).contains(day)
    else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
  }

  /// The day of a moment: seconds since 1970.
  package init?(unix seconds: Int) {
    guard (0...253_402_300_799).contains(seconds) else { return nil }
    var (rest, year, month) = (seconds / 86_400, 1970, 1)
    while rest >= Self.days(in: year) { (rest, year) = (rest - Self.days(in: year), year + 1) }
    while rest >= Self.days(in: month, year) { (rest, month) = (rest - Self.days(in: month, year), month + 1) }
    (self.year, self.month, self.day) = (year, month, rest + 1)
  }

  /// Midnight UTC, in seconds since 1970.
  package var unix: Int {
    let years = (1970..<year).reduce(0) { $0 + Self.days(in: $1) }
    let months = (1..<month).reduce(0) { $0 + Self.days(in: $1, year) }
    return (years + months + day - 1) * 86_400
  }

  package var description: String { "\(year)-\(Self.padded(month))-\(Self.padded(day))" }

  /// As archives of snapshots name the moment: `20261128T000000Z`.
  package var snapshot: String { "\(year)\(Self.padded(month))\(Self.padded(day))T000000Z" }

  package static func < (a: Self, b: Self) -> Bool { (a.year, a.month, a.day) < (b.year, b.month, b.day) }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
  private static func days(in year: Int) -> Int { isLeap(year) ? 366 : 365 }
  private static func days(in month: Int, _ year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

extension ArchiveDate: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let date = ArchiveDate(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "`\(text)` is not a date"))
    }
    self = date
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
