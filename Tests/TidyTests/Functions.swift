// SPDX-License-Identifier: Apache-2.0

/// Functions by their lines, found by indentation: the formatter keeps it honest.
enum Functions {
  private static let most = 70

  static func tooLong(_ file: SourceFile) -> [Finding] {
    var findings: [Finding] = []
    var open: (line: Int, indent: Int, name: String)?
    for (index, line) in file.code.enumerated() {
      let indent = line.prefix { $0 == " " }.count
      if let current = open {
        guard indent == current.indent, line.dropFirst(indent).hasPrefix("}") else { continue }
        if index - current.line - 1 > most {
          let text = "\(current.name) has \(index - current.line - 1) lines; \(most) are allowed"
          findings.append(Finding(path: file.path, line: current.line + 1, text: text))
        }
        open = nil
      } else if let name = begins(line.dropFirst(indent)), !(line.contains("{") && line.hasSuffix("}")) {
        open = (index, indent, name)
      }
    }
    return findings
  }

  private static func begins(_ line: Substring) -> String? {
    let words = line.split(separator: " ")
    guard let at = words.firstIndex(where: { $0 == "func" || $0.hasPrefix("init(") || $0.hasPrefix("init?(") }),
      words[..<at].allSatisfy({ modifiers.contains($0) || $0.hasPrefix("@") || $0.hasPrefix("private(") })
    else { return nil }
    if words[at] != "func" { return "init" }
    return words.dropFirst(at + 1).first.map { String($0.prefix { $0 != "(" && $0 != "<" }) }
  }

  private static let modifiers: Set<Substring> = [
    "package", "public", "private", "fileprivate", "internal", "static", "mutating", "consuming", "borrowing",
    "nonisolated", "override", "final", "convenience", "required", "isolated",
  ]
}
