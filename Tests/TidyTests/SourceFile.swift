// SPDX-License-Identifier: Apache-2.0
import Foundation

/// One Swift file of the repository, with comments and the insides of strings blanked out where only code counts.
struct SourceFile: Sendable {
  /// Relative to the repository.
  let path: String
  let lines: [String]
  /// The same lines, as code alone.
  let code: [String]
  /// Their widths without what is between quotes: a sentence for the user is easier to find in one piece.
  let widths: [Int]

  static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL

  static let all: [SourceFile] = ["Sources", "Tests"].flatMap { folder in
    let base = root.appending(path: folder)
    let paths = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
    return paths.filter { $0.hasSuffix(".swift") }.sorted().compactMap { SourceFile(folder + "/" + $0) }
  }

  init?(_ path: String) {
    guard let text = try? String(contentsOf: Self.root.appending(path: path), encoding: .utf8) else { return nil }
    self.init(path: path, text: text)
  }

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    code = Self.code(of: lines)
    widths = zip(lines, code).map { line, code in
      // With a comment behind it nothing was cut out of the line but strings.
      let comment = line.drop { $0 == " " }.hasPrefix("//")
      return comment ? line.count : code.count
    }
  }

  var imports: [(line: Int, module: String)] {
    code.enumerated().compactMap { index, line in
      let words = line.split(separator: " ").drop { $0.hasPrefix("@") || $0 == "package" || $0 == "public" }
      guard words.first == "import", let module = words.dropFirst().last else { return nil }
      return (index + 1, String(module.prefix { $0 != "." }))
    }
  }

  /// Blanks comments and what is between quotes. Interpolated code goes with its string: it is rarely more than a name.
  private static func code(of lines: [String]) -> [String] {
    var inLongString = false
    return lines.map { line in
      if inLongString {
        if line.contains("\"\"\"") { inLongString = false }
        return ""
      }
      var result = ""
      var characters = line[...]
      while let character = characters.first {
        if characters.hasPrefix("//") { break }
        if characters.hasPrefix("\"\"\"") {
          inLongString = true
          break
        }
        characters.removeFirst()
        result.append(character)
        guard character == "\"" else { continue }
        while let inside = characters.first, inside != "\"" {
          characters.removeFirst(inside == "\\" ? min(2, characters.count) : 1)
        }
        if !characters.isEmpty { result.append(characters.removeFirst()) }
      }
      return result
    }
  }
}

/// A rule that a line breaks.
struct Finding: CustomStringConvertible {
  var path: String
  var line: Int
  var text: String
  var description: String { "\(path):\(line): \(text)" }
}
