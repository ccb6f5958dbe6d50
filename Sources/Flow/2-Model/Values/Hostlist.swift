// SPDX-License-Identifier: Apache-2.0

/// Names with ranges in brackets, as Slurm writes them: `node[001-064,100]`, `rack[1-4]n[01-32]`.
package enum Hostlist {
  /// More names than this in one list are a mistake, or an attack.
  package static let limit = 200_000

  package enum Problem: Error, Hashable, Sendable {
    case malformed(String)
    case tooMany
  }

  /// The names in the order of the list. Digits keep their width.
  package static func expand(_ text: String) throws(Problem) -> [String] {
    var names: [String] = []
    for part in try parts(text) {
      names += try product(part)
      if names.count > limit { throw .tooMany }
    }
    return names
  }

  /// Splits at commas outside brackets.
  private static func parts(_ text: String) throws(Problem) -> [Substring] {
    var parts: [Substring] = []
    var (depth, start) = (0, text.startIndex)
    for index in text.indices {
      switch text[index] {
      case "[": depth += 1
      case "]": depth -= 1
      case "," where depth == 0:
        parts.append(text[start..<index])
        start = text.index(after: index)
      default: break
      }
      if depth < 0 || depth > 1 { throw .malformed("a bracket has no partner") }
    }
    if depth != 0 { throw .malformed("a bracket is not closed") }
    parts.append(text[start...])
    if parts.contains(where: \.isEmpty) { throw .malformed("a name is empty") }
    return parts
  }

  private static func product(_ part: Substring) throws(Problem) -> [String] {
    var names = [""]
    var rest = part
    while let open = rest.firstIndex(of: "["), let close = rest.firstIndex(of: "]") {
      let numbers = try numbers(rest[rest.index(after: open)..<close])
      guard names.count * numbers.count <= limit else { throw .tooMany }
      let prefix = rest[..<open]
      names = names.flatMap { name in numbers.map { name + prefix + $0 } }
      rest = rest[rest.index(after: close)...]
    }
    return rest.isEmpty ? names : names.map { $0 + rest }
  }

  private static func numbers(_ text: Substring) throws(Problem) -> [String] {
    var numbers: [String] = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = item.split(separator: "-", omittingEmptySubsequences: false)
      guard ends.allSatisfy({ !$0.isEmpty && $0.count <= 9 && $0.utf8.allSatisfy { (48...57).contains($0) } }) else {
        throw .malformed("`[\(text)]` holds something that is not a number")
      }
      guard let first = Int(ends[0]), ends.count <= 2 else { throw .malformed("`\(item)` is not a range") }
      guard ends.count == 2, let last = Int(ends[1]) else {
        numbers.append(String(ends[0]))
        continue
      }
      if last < first { throw .malformed("`\(item)` counts down") }
      if last - first >= limit { throw .tooMany }
      numbers += (first...last).map { padded($0, ends[0].count) }
      if numbers.count > limit { throw .tooMany }
    }
    return numbers
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
