// SPDX-License-Identifier: Apache-2.0

/// Diagnostics as text for a terminal: where, the line with the text underlined, what to do, notes and fixes.
package struct DiagnosticRenderer: Sendable {
  private let sources: [String: SourceText]
  private let color: Bool

  package init(sources: [SourceText], color: Bool = false) {
    self.sources = Dictionary(sources.map { ($0.file, $0) }) { first, _ in first }
    self.color = color
  }

  /// Every diagnostic in the given order, and a last line that counts them. Empty when there are none.
  package func render(_ diagnostics: [Diagnostic]) -> String {
    guard !diagnostics.isEmpty else { return "" }
    // A password must not appear in a log, not even in the line of another problem.
    let hidden = diagnostics.filter { $0.code == .literalSecret }.map(\.span)
    let texts = diagnostics.map { render($0, hiding: hidden) }
    return texts.joined(separator: "\n") + "\n" + summary(diagnostics) + "\n"
  }

  /// `2 errors, 1 warning`.
  package func summary(_ diagnostics: [Diagnostic]) -> String {
    let errors = diagnostics.count { $0.severity == .error }
    let warnings = diagnostics.count - errors
    let counts = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }
    return counts.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: ", ")
  }

  private func render(_ diagnostic: Diagnostic, hiding hidden: [SourceSpan]) -> String {
    let spans = [diagnostic.span] + diagnostic.notes.map(\.span)
    let gutter = String(spans.map(\.line).max() ?? 1).count
    let tone = diagnostic.severity == .error ? "31" : "33"
    let title = paint("\(diagnostic.severity.rawValue)[\(diagnostic.code.id)]", "1;\(tone)")
    var text = "\(title)\(paint(": \(visible(diagnostic.detail))", "1"))\n"
    text += excerpt(diagnostic.span, mark: "^", tone: tone, gutter: gutter, hiding: hidden)
    let indent = String(repeating: " ", count: gutter + 1)
    if !diagnostic.help.isEmpty { text += "\(indent)= help: \(visible(diagnostic.help))\n" }
    for fix in diagnostic.fixIts { text += "\(indent)= fix: \(visible(fix.label))\n" }
    for note in diagnostic.notes {
      text += "\(indent)= note: \(visible(note.text))\n"
      text += excerpt(note.span, mark: "-", tone: "36", gutter: gutter, hiding: hidden)
    }
    return text
  }

  private func excerpt(
    _ span: SourceSpan, mark: Character, tone: String, gutter: Int, hiding hidden: [SourceSpan]
  ) -> String {
    let blank = String(repeating: " ", count: gutter)
    var text = "\(blank)\(paint("-->", "36")) \(span)\n"
    guard let line = sources[span.file]?.line(span.line) else { return text }
    var scalars = Array(line.unicodeScalars)
    for secret in hidden where secret.file == span.file && (secret.line...secret.endLine).contains(span.line) {
      let first = secret.line == span.line ? secret.column - 1 : 0
      let last = secret.endLine == span.line ? secret.endColumn - 1 : scalars.count
      for index in first..<max(first, min(last, scalars.count)) where scalars[index] != " " { scalars[index] = "*" }
    }
    let number = String(span.line)
    let padded = String(repeating: " ", count: gutter - number.count) + number
    let excerpt = LineExcerpt(scalars, span)
    text += "\(blank) |\n\(padded) | \(excerpt.line)\n"
    text += "\(blank) | \(excerpt.indent)\(paint(String(repeating: mark, count: excerpt.width), tone))\n"
    return text
  }

  private func paint(_ text: String, _ code: String) -> String { color ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text }

  private func visible(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { result.append(LineExcerpt.visible(scalar)) }
    return String(result)
  }
}

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
