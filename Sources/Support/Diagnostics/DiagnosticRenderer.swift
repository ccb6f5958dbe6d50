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
