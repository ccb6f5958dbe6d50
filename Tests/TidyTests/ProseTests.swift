// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Texts use the words of the field, in the form that their readers expect.
@Suite struct ProseTests {
  /// A doc comment begins with a noun phrase or a verb that names the thing.
  ///
  /// Those that do not yet are counted. A number may only become smaller: lower it with the comments that you rewrite.
  @Test(arguments: [
    "Apps/cluster": 0, "Apps/Lab": 0, "Apps": 0, "Flow": 0, "Agent": 0, "HostAccess": 0, "Support": 0,
    "Wings": 0,
  ])
  func docCommentsNameTheThing(_ area: String, _ most: Int) {
    let found = Self.comments(in: "Sources/\(area)/").filter { comment in
      Self.openings.contains { comment.text.hasPrefix("/// " + $0) }
    }
    guard found.count > most else { return }
    let list = found.map { "  \($0)" }.joined(separator: "\n")
    Issue.record("\(found.count) doc comments of \(area) begin otherwise; \(most) are left to rewrite:\n\(list)")
  }

  private static let openings = ["Nil ", "Nil:", "Nil,", "Of ", "By ", "What ", "Those "]

  /// The first lines of doc comments.
  private static func comments(in folder: String) -> [Finding] {
    SourceFile.all.filter { $0.path.hasPrefix(folder) }.flatMap { file in
      let texts = file.lines.map { String($0.drop { $0 == " " }) }
      return texts.indices.filter { texts[$0].hasPrefix("///") && ($0 == 0 || !texts[$0 - 1].hasPrefix("///")) }
        .map { Finding(path: file.path, line: $0 + 1, text: texts[$0]) }
    }
  }

  /// Users see strings of the product; the simulation's are for its own developers.
  @Test func stringsUseTheWordsOfTheField() {
    let banned = ["whoever", "is told of", "lets go", "by hand", "See that ", "Mend ", "Look whether ", "Make room"]
    expectNone(
      SourceFile.all.filter { $0.path.hasPrefix("Sources/") && !$0.path.hasPrefix("Sources/Apps/Simulation/") }
        .flatMap { file in
          zip(file.lines, file.code).enumerated().compactMap { index, line -> Finding? in
            let isComment = line.0.drop { $0 == " " }.hasPrefix("//")
            guard !isComment, let word = banned.first(where: { line.0.contains($0) && !line.1.contains($0) }) else {
              return nil
            }
            return Finding(path: file.path, line: index + 1, text: "says \"\(word)\": use plain words of the field")
          }
        })
  }
}
