// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `docs/decisions/README.md` lists each decision once, and nothing else.
@Suite struct DecisionTests {
  private struct Row: Hashable {
    var number: Int
    var title: String
    var file: String
  }

  private static let folder = SourceFile.root.appending(path: "docs/decisions")

  private static let files: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".md") && $0 != "README.md" }.sorted()
  }()

  private static func text(_ name: String) throws -> String {
    try String(contentsOf: folder.appending(path: name), encoding: .utf8)
  }

  @Test func theIndexAndThePagesNameEachOther() throws {
    let pages = try Self.files.map { file in
      let heading = /^# (?<number>\d+)\. (?<title>.+)\n/
      let found = try #require(try Self.text(file).firstMatch(of: heading), "\(file) does not begin with `# N. Title`")
      return Row(number: try #require(Int(found.number)), title: String(found.title), file: file)
    }

    let row =
      #/
      \n\|\ (?<number>\d+)\ \|\ (?<date>\d{4}-\d\d-\d\d)\ \|\ \[(?<title>.+)\]\((?<file>\S+\.md)\)\ \|
      \ (?<status>[^|]+)\ \|\ (?<line>[^|]+\.)\ (?=\|\n)
      /#
    let index = try Self.text("README.md")
    let rows = try index.matches(of: row).map {
      Row(number: try #require(Int($0.number)), title: String($0.title), file: String($0.file))
    }
    #expect(pages.count > 20)
    #expect(rows == rows.sorted { $0.number < $1.number })
    #expect(Set(rows.map(\.number)).count == rows.count, "a number is used twice")
    #expect(rows == pages)
    #expect(index.split(separator: "\n").count { $0.hasPrefix("| ") } == rows.count + 1, "a row is malformed")
    for file in Self.files {
      let number = String(file.prefix(4))
      #expect(pages.contains { $0.file == file && $0.number == Int(number) }, "\(file) has another number inside")
    }
  }

  @Test func aStatusIsAcceptedOrNamesWhatCameAfter() throws {
    let numbers = Set(Self.files.compactMap { Int($0.prefix(4)) })
    for line in try Self.text("README.md").split(separator: "\n") where line.hasPrefix("| ") {
      let status = line.split(separator: "|")[3].trimmingCharacters(in: .whitespaces)
      if status == "accepted" || status == "status" { continue }
      let later = try #require(status.wholeMatch(of: /superseded by (\d+)/), "\(status)")
      #expect(numbers.contains(try #require(Int(later.1))), "\(line)")
    }
  }
}
