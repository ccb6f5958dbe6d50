// SPDX-License-Identifier: Apache-2.0

/// A terminal with the few sequences that progress is drawn with; long lines wrap, and are wrapped anew by a resize.
struct Screen {
  private var columns: Int
  /// Lines as they were written; each takes one row or more.
  private var lines: [String] = [""]
  private(set) var showsCursor = true

  init(columns: Int) { self.columns = columns }

  var text: [String] { Array(lines.dropLast()) }

  mutating func resize(to columns: Int) { self.columns = columns }

  mutating func take(_ text: String) {
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "\n": lines.append("")
      case "\r": break
      case "\u{1b}":
        let end = rest.firstIndex { $0.isLetter } ?? rest.endIndex
        sequence(String(rest[...end]))
        rest = rest[rest.index(after: end)...]
      default: lines[lines.count - 1].append(character)
      }
    }
  }

  private mutating func sequence(_ text: String) {
    switch text {
    case "[?25l": showsCursor = false
    case "[?25h": showsCursor = true
    case "[J": lines[lines.count - 1] = ""
    case _ where text.hasSuffix("A"): up(Int(text.dropFirst().dropLast()) ?? 0)
    default: break
    }
  }

  /// So many rows, which must be whole lines; what was below is erased by the sequence that follows.
  private mutating func up(_ rows: Int) {
    var left = rows
    lines.removeLast()
    while left > 0, let last = lines.popLast() { left -= max(1, (last.count + columns - 1) / columns) }
    lines.append("")
  }
}
