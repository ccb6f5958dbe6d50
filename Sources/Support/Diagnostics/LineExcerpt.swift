// SPDX-License-Identifier: Apache-2.0

/// The part of a line that a terminal can show, and where the underline goes.
struct LineExcerpt {
  /// Longer lines are cut around the marked text, so that a hostile line cannot fill the screen.
  static let longest = 160

  let line: String
  /// The space before the underline: blanks, and tabs where the line has tabs.
  let indent: String
  /// Cells to underline, at least one.
  let width: Int

  init(_ scalars: [Unicode.Scalar], _ span: SourceSpan) {
    let start = min(max(span.column - 1, 0), scalars.count)
    let end = span.endLine > span.line ? scalars.count : min(max(span.endColumn - 1, start), scalars.count)
    let from = scalars.count > Self.longest ? max(0, start - 60) : 0
    let to = scalars.count > Self.longest ? min(scalars.count, from + Self.longest) : scalars.count

    var line = String.UnicodeScalarView()
    for scalar in scalars[from..<to] { line.append(Self.visible(scalar)) }
    self.line = (from > 0 ? "…" : "") + String(line) + (to < scalars.count ? "…" : "")

    var indent = from > 0 ? " " : ""
    for scalar in scalars[from..<max(from, start)] {
      indent += scalar == "\t" ? "\t" : String(repeating: " ", count: Self.cells(scalar))
    }
    self.indent = indent
    self.width = max(1, scalars[start..<max(start, min(end, to))].reduce(0) { $0 + Self.cells($1) })
  }

  /// Control characters and those that turn the writing direction become U+FFFD: they could rewrite the terminal.
  static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 9: scalar
    case 0..<32, 127..<160, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069: "\u{fffd}"
    default: scalar
    }
  }

  /// Cells in a terminal: East Asian wide characters and emoji take two, combining marks none.
  static func cells(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0..<0x300: 1
    case 0x300...0x36f, 0x200b...0x200d, 0xfe00...0xfe0f: 0
    case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
      0xffe0...0xffe6, 0x1f300...0x1faff, 0x20000...0x3fffd:
      2
    default: 1
    }
  }
}
