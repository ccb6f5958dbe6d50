// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The lists of files in `docs/howto/add-a-*.md` are what the things that there are have.
@Suite struct HowtoTests {
  private static func text(_ page: String) throws -> String {
    try String(contentsOf: SourceFile.root.appending(path: "docs/howto/\(page).md"), encoding: .utf8)
  }

  private static func names(_ pattern: Regex<(Substring, Substring)>) -> [String] {
    let wings = SourceFile.all.filter { $0.path.hasPrefix("Sources/Wings/") }
    return wings.flatMap(\.code).compactMap { $0.firstMatch(of: pattern).map { String($0.1) } }.sorted()
  }

  @Test func everyVerbIsInTheFilesOfItsHowto() throws {
    let rows = try Self.text("add-a-verb").matches(of: /\n\| `(?<folder>[^`]+)` \| `(?<text>[^`]+)` \|/)
    let errands = Self.names(/struct (\w+): Errand \{/)
    #expect(rows.count == 4)
    #expect(errands.count >= 3)
    for row in rows {
      let files = SourceFile.all.filter { $0.path.hasPrefix(String(row.folder)) }
      #expect(!files.isEmpty, "there is no \(row.folder)")
      for errand in errands {
        let text = row.text.replacing("NameErrand", with: errand)
        #expect(files.contains { $0.code.contains { $0.contains(text) } }, "\(row.folder): no \(text)")
      }
    }
  }

  @Test func everyProtocolIsInTheFilesOfItsHowto() throws {
    let paths = try Self.text("add-a-bmc-protocol").matches(of: /`(Sources\/[\w\/.]+\.swift)`/).map { String($0.1) }
    let protocols = Self.names(/enum (\w+): PowerProtocol \{/)
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
    let protocols = Self.names(/enum (\w+): PowerProtocol \{/)
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
