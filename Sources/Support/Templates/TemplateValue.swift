// SPDX-License-Identifier: Apache-2.0

/// Something that a template may read: a closed tree of values, with nothing behind it that could be called.
package indirect enum TemplateValue: Hashable, Sendable {
  case text(String)
  case number(Int)
  case flag(Bool)
  case list([TemplateValue])
  case object([String: TemplateValue])
  /// An optional value that is not there.
  case none

  /// Whether a condition holds: as in Jinja, nothing, zero and what is empty do not.
  var isTrue: Bool {
    switch self {
    case .text(let text): !text.isEmpty
    case .number(let number): number != 0
    case .flag(let flag): flag
    case .list(let items): !items.isEmpty
    case .object: true
    case .none: false
    }
  }
}

/// The type of a value, known before there is any: a template is checked against it when the description is read.
package indirect enum TemplateType: Hashable, Sendable {
  case text
  case number
  case flag
  case list(TemplateType)
  /// The fields by their names. Two objects are of one type when all their fields are.
  case object([String: TemplateType])
  /// A value that may be missing: it is printed only behind `default`, or where an `if` has asked for it.
  case optional(TemplateType)

  package var words: String {
    switch self {
    case .text: "text"
    case .number: "a number"
    case .flag: "true or false"
    case .list(let item): "a list (each item is \(item.words))"
    case .object(let fields): "an object with \(fields.keys.sorted().joined(separator: ", "))"
    case .optional(let type): "\(type.words), or nothing"
    }
  }

  var bare: TemplateType { if case .optional(let type) = self { type } else { self } }

  /// Whether a value is of the type.
  package func fits(_ value: TemplateValue) -> Bool {
    switch (self, value) {
    case (.text, .text), (.number, .number), (.flag, .flag), (.optional, .none): true
    case (.optional(let type), _): type.fits(value)
    case (.list(let item), .list(let items)): items.allSatisfy(item.fits)
    case (.object(let types), .object(let fields)):
      Set(types.keys) == Set(fields.keys) && fields.allSatisfy { types[$0.key]?.fits($0.value) ?? false }
    default: false
    }
  }
}

/// A mistake in a template, and where: a line and a column of it, counted from 1.
package struct TemplateProblem: Error, Hashable, Sendable {
  package var detail: String
  package var help: String
  package var line: Int
  package var column: Int

  init(_ detail: String, help: String, at place: Place) {
    self.detail = detail
    self.help = help
    line = place.line
    column = place.column
  }
}

struct Place: Hashable, Sendable {
  var line: Int
  var column: Int
}
