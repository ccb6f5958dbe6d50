// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A page that says how something is added lists what every one that is there has.
@Suite struct HowtoTests {
  struct Page: CustomTestStringConvertible, Sendable {
    var name: String
    /// In the page's table, for the one that is added.
    var placeholder: String
    /// Those that are there: a file, and a pattern that finds them in it.
    var members: @Sendable () -> [String]

    var testDescription: String { name }
  }

  static let pages = [
    Page(name: "add-a-wing.md", placeholder: "NAME") {
      found(/enum (\w+): Wing \{/) { $0.hasPrefix("Sources/Wings/") }
    },
    Page(name: "add-a-verb.md", placeholder: "NameErrand") {
      found(/struct (\w+): Errand \{/) { $0.hasPrefix("Sources/Wings/") }
    },
    Page(name: "add-a-provisioner.md", placeholder: "NAME") {
      found(/enum (\w+): Provisioner \{/) { $0.hasPrefix("Sources/Wings/") }
    },
    Page(name: "add-a-diagnostic.md", placeholder: "CODE") {
      found(/Self\("(spec\.[\w-]+)"/) { $0.hasSuffix("Code+Catalog.swift") }
    },
  ]

  private static func found(_ pattern: Regex<(Substring, Substring)>, in isThere: (String) -> Bool) -> [String] {
    SourceFile.all.filter { isThere($0.path) }.flatMap(\.lines)
      .compactMap { $0.firstMatch(of: pattern).map { String($0.1) } }
  }

  @Test(arguments: pages) func everyOneIsInTheFilesOfItsPage(_ page: Page) throws {
    let text = try Self.text("docs/howto/\(page.name)")
    let rows = text.matches(of: /\n\| `(?<place>[^`]+)` \| (?<ticks>`+) ?(?<text>.+?) ?\k<ticks> \|/)
    let members = page.members()
    #expect(rows.count >= 2 && members.count >= 1)
    for row in rows {
      for member in members {
        let place = row.place.replacing(page.placeholder, with: member)
        let wanted = row.text.replacing(page.placeholder, with: member)
        #expect(try Self.contains(String(place), String(wanted)), "\(place): no \(wanted)")
      }
    }
  }

  private static func contains(_ place: String, _ wanted: String) throws -> Bool {
    if place.hasSuffix("/") {
      return SourceFile.all.contains { $0.path.hasPrefix(place) && $0.lines.contains { $0.contains(wanted) } }
    }
    return try text(place).contains(wanted)
  }

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: SourceFile.root.appending(path: path), encoding: .utf8)
  }

  private static let protocols = found(/enum (\w+): PowerProtocol \{/) { $0.hasPrefix("Sources/Wings/") }.sorted()

  @Test func everyProtocolIsInTheFilesOfItsHowto() throws {
    let paths = try Self.text("docs/howto/add-a-bmc-protocol.md").matches(of: /`(Sources\/[\w\/.]+\.swift)`/).map {
      String($0.1)
    }
    let protocols = Self.protocols
    #expect(paths.count == 3)
    #expect(protocols.contains("IPMI"))
    for name in protocols {
      for path in paths {
        let own = path.replacing("IPMI", with: name)
        let file = try #require(SourceFile(own), "there is no \(own)")
        let words = own.contains("/Agent/") ? "extension \(name): AgentPowerProtocol" : name
        #expect(file.code.contains { $0.contains(words) }, "\(own): no \(words)")
      }
    }
  }

  /// One that is only in its folders is asked for in no other place.
  @Test func nobodyElseNamesAProtocolOfBMCs() {
    let protocols = Self.protocols
    let findings = SourceFile.all.filter { $0.path.hasPrefix("Sources/") }.flatMap { file in
      file.code.enumerated().compactMap { index, line -> Finding? in
        if file.path == "Sources/Wings/Power/PowerProtocol.swift" { return nil }
        let words = Set(line.matches(of: /\w+/).map { String($0.output) })
        guard let name = protocols.first(where: { words.contains($0) && !file.path.contains("/Power/\($0)/") }) else {
          return nil
        }
        return Finding(path: file.path, line: index + 1, text: "names \(name)")
      }
    }
    expectNone(findings)
  }
}
