// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The problems found so far. Bounded, so that a hostile file cannot make a report as large as itself.
package struct Problems: Sendable {
  package let file: String
  package private(set) var list: [Diagnostic] = []
  package private(set) var hasErrors = false
  private var dropped = 0

  package init(file: String) { self.file = file }

  /// Further problems are only counted.
  package var isFull: Bool { list.count >= SpecLimits.problems }

  package mutating func add(_ diagnostic: Diagnostic) {
    if diagnostic.severity == .error { hasErrors = true }
    guard !isFull else {
      dropped += 1
      return
    }
    // A group of nodes that is read for each row of a table has its own mistakes in each of them.
    if list.contains(diagnostic) { return }
    list.append(diagnostic)
  }

  package mutating func error(
    _ code: Diagnostic.Code, _ detail: String, help: String, at span: SourceSpan, notes: [Diagnostic.Note] = [],
    fixIts: [Diagnostic.FixIt] = []
  ) {
    add(Diagnostic(code, detail, help: help, at: span, notes: notes, fixIts: fixIts))
  }

  package mutating func warning(
    _ code: Diagnostic.Code, _ detail: String, help: String, at span: SourceSpan, notes: [Diagnostic.Note] = []
  ) {
    add(Diagnostic(code, severity: .warning, detail, help: help, at: span, notes: notes))
  }

  /// In the order of the file.
  package var sorted: [Diagnostic] {
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
package struct Located<Value: Sendable>: Sendable {
  package let value: Value
  package let span: SourceSpan

  package init(_ value: Value, _ span: SourceSpan) {
    self.value = value
    self.span = span
  }
}
