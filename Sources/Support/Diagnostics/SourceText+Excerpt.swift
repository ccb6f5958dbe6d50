// SPDX-License-Identifier: Apache-2.0

extension SourceText {
  /// The line of a place, with its number, and what is meant in it underlined. Empty when there is no such line.
  package func excerpt(_ span: SourceSpan) -> [String] {
    guard let line = line(span.line) else { return [] }
    let excerpt = LineExcerpt(Array(line.unicodeScalars), span)
    let number = "\(span.line)"
    let blank = String(repeating: " ", count: number.count)
    return [
      "\(number) | \(excerpt.line)", "\(blank) | \(excerpt.indent)\(String(repeating: "^", count: excerpt.width))",
    ]
  }
}
