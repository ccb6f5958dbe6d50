// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecReading
import TestKit
import Testing
import Wings

/// `cluster update` changes dates, and no other byte.
@Suite struct DateEditingTests {
  private static let head = """
    version: 1
    cluster: c
    domain: d
    networks: { n: { cidr: 10.0.0.0/8, serves: [dhcp, boot] } }
    heads: { h: { nics: { eth0: { network: n, address: 10.0.0.1 } } } }

    """

  private static func write(_ date: String, _ images: [String] = [], in text: String) throws -> String {
    let date = try #require(ArchiveDate(date))
    let bytes = try DateEditing.write(date, into: images, of: Array(text.utf8), file: "s", keys: WingCatalog.keys)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// One image as somebody may write it: where its date stands is marked `@`.
  private static func image(_ name: String, dated: Bool, _ random: inout SeededGenerator) -> String {
    let quote = ["", "'", "\""].randomElement(using: &random) ?? ""
    let date = "as_of: \(["", "&when\(name) "].randomElement(using: &random) ?? "")\(quote)@\(quote)"
    let comment = ["", "  # 2026-01-01 é ∞", " # as_of: 2026-01-01"].randomElement(using: &random) ?? ""
    let install = "install: [ numactl,hwloc-nox ]"
    if Bool.random(using: &random) {
      let entries = ["release: debian/bookworm", install] + (dated ? [date] : [])
      return "  \(name): { \(entries.shuffled(using: &random).joined(separator: ",   ")) }\(comment)\n"
    }
    let entries = ["release:  'debian/bookworm'", install] + (dated ? [date] : [])
    let indent = String(repeating: " ", count: Int.random(in: 3...6, using: &random))
    return "  \"\(name)\":\(comment)\n\n"
      + entries.shuffled(using: &random).map { "\(indent)\($0)\(comment)\n" }.joined()
  }

  @Test func noOtherByteIsTouched() throws {
    var random = SeededGenerator()
    for _ in 0..<200 {
      let names = ["a", "b2", "c-3"]
      let images = names.map { ($0, Self.image($0, dated: true, &random)) }.shuffled(using: &random)
      let others = Self.head + "timezone: Europe/Zurich # 2026-02-02\n"
      let chosen = names.filter { _ in Bool.random(using: &random) }
      let byteOrderMark = Bool.random(using: &random) ? "\u{feff}" : ""
      func text(_ dates: (String) -> String) -> String {
        let body = others + "images:\n" + images.map { $1.replacing("@", with: dates($0)) }.joined()
        let windows = random.seed % 2 == 0 ? body.replacing("\n", with: "\r\n") : body
        return byteOrderMark + windows
      }

      let written = try Self.write("2026-11-28", chosen, in: text { _ in "2026-03-03" })

      #expect(written == text { chosen.isEmpty || chosen.contains($0) ? "2026-11-28" : "2026-03-03" })
    }
  }

  @Test func anImageWithoutADateGetsALineAndLosesNone() throws {
    var random = SeededGenerator()
    for _ in 0..<200 {
      let text =
        Self.head + "images:\n" + Self.image("a", dated: false, &random) + Self.image("b", dated: false, &random)
      let written = try Self.write("2026-11-28", ["b"], in: text)

      let cluster = try #require(SpecReader.read(Array(written.utf8), file: "s", keys: WingCatalog.keys).cluster)
      #expect(cluster.images.map { $0.asOf?.description } == [nil, "2026-11-28"])
      let added = written.replacing(", as_of: 2026-11-28", with: "").split(
        separator: "\n", omittingEmptySubsequences: false
      )
      .filter { $0.drop { $0 == " " } != "as_of: 2026-11-28" }.joined(separator: "\n")
      #expect(added == text)
    }
  }

  @Test func theCommonDateMovesForAllThatUseIt() throws {
    let text =
      Self.head + """
        repositories: { as_of: "2026-01-01" } # all
        images:
          a: { release: debian/bookworm }
          b: { release: debian/bookworm, as_of: 2026-02-02 }

        """
    #expect(
      try Self.write("2026-11-28", in: text)
        == text.replacing("2026-01-01", with: "2026-11-28").replacing("2026-02-02", with: "2026-11-28"))
    #expect(try Self.write("2026-11-28", ["a"], in: text) == text.replacing("2026-01-01", with: "2026-11-28"))
    let two = text + "  c: { release: debian/bookworm }\n"
    #expect(
      try Self.write("2026-11-28", ["c"], in: two)
        == text + "  c: { release: debian/bookworm, as_of: 2026-11-28 }\n")
  }

  @Test func aDateThatOthersShareIsNotMovedForOne() throws {
    let text =
      Self.head + """
        images:
          a: &one { release: debian/bookworm, as_of: 2026-01-01 }
          b: *one

        """
    #expect(throws: DateEditing.Refusal.self) { try Self.write("2026-11-28", ["b"], in: text) }
    #expect(throws: DateEditing.Refusal.self) { try Self.write("2026-11-28", ["x"], in: text) }
    #expect(try Self.write("2026-11-28", in: text) == text.replacing("2026-01-01", with: "2026-11-28"))
  }

  @Test func datesAreDaysOfTheCalendar() throws {
    for wrong in ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "26-01-01", "2026-01-32", "+026-01-01", ""] {
      #expect(ArchiveDate(wrong) == nil, "\(wrong)")
    }
    #expect(ArchiveDate("2024-02-29")?.unix == 1_709_164_800)
    for day in stride(from: 0, to: 40_000, by: 7) {
      let date = try #require(ArchiveDate(unix: day * 86_400 + 5))
      #expect(date.unix == day * 86_400 && ArchiveDate(date.description) == date)
    }
  }
}
