// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The problems found so far. Bounded, so that a hostile file cannot make a report as large as itself.
struct Problems: Sendable {
  let file: String
  private(set) var list: [Diagnostic] = []
  private(set) var hasErrors = false
  private var dropped = 0

  init(file: String) { self.file = file }

  /// Further problems are only counted.
  var isFull: Bool { list.count >= SpecLimits.problems }

  mutating func add(_ diagnostic: Diagnostic) {
    if diagnostic.severity == .error { hasErrors = true }
    guard !isFull else {
      dropped += 1
      return
    }
    list.append(diagnostic)
  }

  mutating func error(
    _ code: Diagnostic.Code, _ detail: String, help: String, at span: SourceSpan, notes: [Diagnostic.Note] = [],
    fixIts: [Diagnostic.FixIt] = []
  ) {
    add(Diagnostic(code, detail, help: help, at: span, notes: notes, fixIts: fixIts))
  }

  mutating func warning(
    _ code: Diagnostic.Code, _ detail: String, help: String, at span: SourceSpan, notes: [Diagnostic.Note] = []
  ) {
    add(Diagnostic(code, severity: .warning, detail, help: help, at: span, notes: notes))
  }

  /// In the order of the file.
  var sorted: [Diagnostic] {
    var result = list.enumerated().sorted { a, b in
      (a.element.span.line, a.element.span.column, a.offset) < (b.element.span.line, b.element.span.column, b.offset)
    }.map(\.element)
    if dropped > 0, let last = result.last {
      result.append(
        Diagnostic(
          .tooManyProblems, "\(dropped) more problems were found and are not shown.",
          help: "Fix the ones above and check the file again.", at: last.span))
    }
    return result
  }
}

/// A value and where it stands.
struct Located<Value: Sendable>: Sendable {
  let value: Value
  let span: SourceSpan

  init(_ value: Value, _ span: SourceSpan) {
    self.value = value
    self.span = span
  }
}
