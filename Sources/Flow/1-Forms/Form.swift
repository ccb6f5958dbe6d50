// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The form of one value in the file: how it is read, and how JSON Schema says so. One description for both, so
/// that the reader and the editor's completion cannot drift apart.
package struct Form<Value: Sendable>: Sendable {
  /// "an IPv4 address", for messages.
  package let noun: String
  package let schema: SchemaValue
  /// Reads the value. Nil when it cannot be used, which has been reported.
  package let read: @Sendable (SpecNode, inout Problems) -> Value?

  package init(
    noun: String, schema: SchemaValue, read: @escaping @Sendable (SpecNode, inout Problems) -> Value?
  ) {
    self.noun = noun
    self.schema = schema
    self.read = read
  }
}

extension Form {
  /// A single value read from its text. `parse` returns what is wrong, in words, when it cannot.
  package static func text(
    _ noun: String, code: Diagnostic.Code, pattern: String? = nil, examples: [String] = [],
    parse: @escaping @Sendable (String) -> Reading<Value>
  ) -> Form {
    var schema = SchemaValue.members(["type": .text("string")])
    if let pattern { schema = schema.with(["pattern": .text(pattern)]) }
    if !examples.isEmpty { schema = schema.with(["examples": .list(examples.map { .text($0) })]) }
    return Form(noun: noun, schema: schema) { node, problems in
      guard let scalar = node.scalar(for: noun, &problems) else { return nil }
      switch parse(scalar.text) {
      case .value(let value): return value
      case .wrong(let detail, let help, let replacement, let special, let isCertain):
        let fixIts = replacement.map {
          // Of a secret only its owner knows the name.
          [
            Diagnostic.FixIt(
              label: "write `\($0)`", span: node.span, replacement: $0,
              isCertain: isCertain && (special ?? code) != .literalSecret)
          ]
        }
        problems.error(special ?? code, detail, help: help, at: node.span, fixIts: fixIts ?? [])
        return nil
      }
    }
  }
}

/// The result of reading a text.
package enum Reading<Value: Sendable>: Sendable {
  case value(Value)
  /// The problem, why or what to do, and the text that corrects it; `isCertain` where nothing else can be meant.
  /// `code` replaces the form's own.
  case wrong(
    String, help: String, replacement: String? = nil, code: Diagnostic.Code? = nil, isCertain: Bool = true)
}

extension SpecNode {
  /// The node's scalar, or nil with a report when it is something else.
  package func scalar(for noun: String, _ problems: inout Problems) -> Scalar? {
    switch content {
    case .scalar(let scalar):
      return scalar
    case .unreadable:
      return nil
    case .sequence, .mapping:
      problems.error(
        .wrongType, "Expected \(noun), found \(kind).", help: "Write a single value.", at: firstLine)
      return nil
    }
  }

  /// Where to point for the node as a whole: a list or mapping in brackets itself, else its key.
  package var firstLine: SourceSpan { span.line == span.endLine ? span : firstLineOfHeading }
}

/// Text as it may be shown in a message: not too long, and what nobody sees by its number.
package func shown(_ text: String) -> String {
  let short = text.unicodeScalars.count <= 60 ? text : String(text.unicodeScalars.prefix(57)) + "…"
  guard short.utf8.contains(where: { $0 > 0x7e || $0 < 0x20 }) else { return short }
  return short.unicodeScalars.map { scalar in
    isInvisible(scalar) ? "<U+\(hexadecimal(scalar.value, digits: 4))>" : String(Character(scalar))
  }.joined()
}

/// Blanks beside the space, as web pages and spreadsheets have them, and characters without any width.
private func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .spaceSeparator: scalar != " "
  case .control, .format, .lineSeparator, .paragraphSeparator: true
  default: false
  }
}
