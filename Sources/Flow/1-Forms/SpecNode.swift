// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// One value of the YAML text, untyped: what a plain scalar means is decided by the form that reads it.
package struct SpecNode: Sendable {
  package struct Scalar: Sendable {
    package let text: String
    /// Without quotes and on one line: only these may be read as numbers and truth values.
    package let plain: Bool

    package init(text: String, plain: Bool) {
      self.text = text
      self.plain = plain
    }
  }

  package struct Entry: Sendable {
    package let key: String
    package let keySpan: SourceSpan
    package let value: SpecNode
    /// From the key to the end of its value; of an alias to its own end.
    package let span: SourceSpan

    package init(key: String, keySpan: SourceSpan, value: SpecNode, span: SourceSpan) {
      self.key = key
      self.keySpan = keySpan
      self.value = value
      self.span = span
    }
  }

  package enum Content: Sendable {
    case scalar(Scalar)
    case sequence([SpecNode])
    case mapping([Entry])
    /// Already reported, such as an alias without an anchor.
    case unreadable
  }

  package let content: Content
  package let span: SourceSpan
  /// The place that a problem with the value as a whole points at: its key, where it has one.
  package var heading: SourceSpan
  /// Values in it, itself included, with aliases counted as what they stand for.
  package let weight: Int

  package init(_ content: Content, _ span: SourceSpan, weight: Int) {
    self.content = content
    self.span = span
    self.heading = span
    self.weight = weight
  }

  /// `key:` with nothing after it, or with a word of YAML for nothing.
  package var isEmpty: Bool {
    guard case .scalar(let scalar) = content else { return false }
    return scalar.plain && Self.nulls.contains(scalar.text)
  }

  /// YAML 1.2, core schema.
  private static let nulls: Set = ["", "~", "null", "Null", "NULL"]

  /// A word by which people do without something, where the key itself stays out.
  package var isNone: Bool {
    guard case .scalar(let scalar) = content, scalar.plain else { return false }
    return scalar.text.lowercased() == "none"
  }

  /// Items of a list; 0 for anything else.
  package var itemCount: Int {
    if case .sequence(let items) = content { items.count } else { 0 }
  }

  package var isEmptyMapping: Bool {
    if case .mapping(let entries) = content { entries.isEmpty } else { false }
  }

  /// "text", "a list" or "a mapping", for messages.
  package var kind: String {
    switch content {
    case .scalar: isEmpty ? "empty" : "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .unreadable: "unreadable"
    }
  }
}

extension SpecNode {
  /// The entries of a mapping, as they are. Nil: it is none.
  package var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }
  package func entry(_ key: String) -> Entry? { entries?.first { $0.key == key } }
}

extension SpecNode.Entry {
  /// The key as a value, for a form to read.
  package var keyNode: SpecNode { SpecNode(.scalar(.init(text: key, plain: true)), keySpan, weight: 1) }
}

extension SourceSpan {
  /// From the start of this span to the end of the other.
  package func through(_ other: SourceSpan) -> SourceSpan {
    SourceSpan(file: file, line: line, column: column, endLine: other.endLine, endColumn: other.endColumn)
  }

  package static func point(_ file: String, _ line: Int, _ column: Int, width: Int = 1) -> SourceSpan {
    SourceSpan(file: file, line: line, column: column, endLine: line, endColumn: column + width)
  }
}

/// Bounds on the cost of a spec. Each bound is far above any real cluster and far below what would hurt.
package enum SpecLimits {
  /// Levels of lists and mappings.
  package static let depth = 64
  /// Values in the file.
  package static let values = 1_000_000
  /// Values that aliases may stand for, in all.
  package static let aliasValues = 200_000
  /// Machines named under `nodes:`.
  package static let names = 100_000
  /// Diagnostics of one reading.
  package static let problems = 500
  /// Bad characters that are reported one by one.
  package static let badCharacters = 20
}
