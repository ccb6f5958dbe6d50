// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import SpecForms

/// Writes the fixes that are certain into a description, and leaves every other byte of it as it is.
package enum CertainFixes {
  /// A mistake may hide others, which show when it is mended.
  private static let rounds = 5

  /// - Returns: the description, and the fixes that were written, with their places at that moment.
  package static func write(
    into bytes: [UInt8], file: String, keys: [WingKey], tables: [String: [UInt8]] = [:]
  ) -> (bytes: [UInt8], written: [Diagnostic.FixIt]) {
    var (result, written): ([UInt8], [Diagnostic.FixIt]) = (bytes, [])
    for _ in 0..<rounds {
      let problems = SpecReader.read(result, file: file, keys: keys, tables: tables).diagnostics
      let fixes = apart(problems.flatMap(\.fixIts).filter { $0.isCertain && $0.span.file == file })
      let next = fixes.reduce(into: (result, [Diagnostic.FixIt]())) { state, fix in
        guard let changed = applied(fix, to: state.0, file) else { return }
        state = (changed, state.1 + [fix])
      }
      if next.1.isEmpty { break }
      let left = SpecReader.read(next.0, file: file, keys: keys, tables: tables).diagnostics
      // Two that are right by themselves may contradict each other: nothing is made worse.
      guard errors(left) < errors(problems) || hides(problems, left) else { break }
      (result, written) = (next.0, written + next.1.reversed())
    }
    return (result, written)
  }

  private static func errors(_ problems: [Diagnostic]) -> Int { problems.filter { $0.severity == .error }.count }

  /// Whether mistakes come out only now, because those that hid them are gone.
  private static func hides(_ before: [Diagnostic], _ after: [Diagnostic]) -> Bool {
    let codes = Set(before.map(\.code))
    return !after.contains { codes.contains($0.code) && $0.severity == .error }
  }

  /// From the end on, so that places before stay right; of two in one place, the first.
  private static func apart(_ fixes: [Diagnostic.FixIt]) -> [Diagnostic.FixIt] {
    var end = (0, 0)
    return fixes.sorted { ($0.span.line, $0.span.column) < ($1.span.line, $1.span.column) }.filter { fix in
      guard (fix.span.line, fix.span.column) >= end else { return false }
      end = (fix.span.endLine, fix.span.endColumn)
      return true
    }.reversed()
  }

  private static func applied(_ fix: Diagnostic.FixIt, to bytes: [UInt8], _ file: String) -> [UInt8]? {
    let source = EditedText(bytes, file: file)
    guard let range = source.range(fix.span) else { return nil }
    var text = Array(fix.replacement.utf8)
    // What is quoted stays so, if the quotes are not the mistake.
    if let quote = bytes[range].first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"), range.count >= 2,
      bytes[range].last == quote, Array(bytes[range].dropFirst().dropLast()) != text
    {
      text = [quote] + text + [quote]
    }
    return source.applying([TextEdit(range, text)])
  }
}
