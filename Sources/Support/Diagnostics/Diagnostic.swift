// SPDX-License-Identifier: Apache-2.0

/// A problem in the user's spec. A value: returned, never printed or thrown by whoever finds it.
package struct Diagnostic: Hashable, Codable, Sendable {
  package enum Severity: String, Codable, Sendable { case error, warning }

  /// A change that mends the problem.
  package struct FixIt: Hashable, Codable, Sendable {
    package var label: String
    package var span: SourceSpan
    package var replacement: String
    /// It may be written without asking. Else it is a guess at what was meant.
    package var isCertain: Bool

    package init(label: String, span: SourceSpan, replacement: String, isCertain: Bool = true) {
      self.label = label
      self.span = span
      self.replacement = replacement
      self.isCertain = isCertain
    }
  }

  /// A second place that helps to understand the first, such as where a name was used before.
  package struct Note: Hashable, Codable, Sendable {
    package var text: String
    package var span: SourceSpan

    package init(text: String, span: SourceSpan) {
      self.text = text
      self.span = span
    }
  }

  package var code: Code
  package var severity: Severity
  /// The problem with this text, in a full sentence.
  package var detail: String
  /// Why it matters, and what to do next.
  package var help: String
  package var span: SourceSpan
  package var notes: [Note]
  package var fixIts: [FixIt]

  package init(
    _ code: Code, severity: Severity = .error, _ detail: String, help: String, at span: SourceSpan,
    notes: [Note] = [], fixIts: [FixIt] = []
  ) {
    self.code = code
    self.severity = severity
    self.detail = detail
    self.help = help
    self.span = span
    self.notes = notes
    self.fixIts = fixIts
  }
}

extension Diagnostic {
  /// A stable name for one sort of problem, with a page under `docs/diagnostics/`.
  package struct Code: Hashable, Codable, Sendable {
    /// For example `spec.unknown-key`.
    package let id: String
    /// The same words for every problem of this sort, so that repeats can be grouped.
    package let summary: String

    package init(_ id: String, _ summary: String) {
      self.id = id
      self.summary = summary
    }
  }
}
