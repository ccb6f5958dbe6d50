// SPDX-License-Identifier: Apache-2.0

/// A function that a value is piped through: `{{ cluster.nodes | join(",") }}`. The list is closed.
enum Filter: String, CaseIterable, Sendable {
  /// The value, or the argument where there is none.
  case `default`
  /// The items of a list with a text between them.
  case join
  /// One field of each object in a list.
  case each
  /// Names as Slurm and `pdsh -w` write them: `node[001-004]`.
  case hostlist
  case length
  case first
  case sort
  case lower
  case upper
  /// One word for a shell, whatever is in it.
  case quote
  /// Allows line breaks in a value, which are refused otherwise.
  case lines

  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// The type of the result. Throws a sentence on what the filter wants instead.
  func type(_ input: TemplateType, _ arguments: [TemplateType], field: String?) throws(FilterMisuse) -> TemplateType {
    func none(_ result: TemplateType) throws(FilterMisuse) -> TemplateType {
      guard arguments.isEmpty else { throw FilterMisuse("takes no argument") }
      return result
    }
    switch (self, input) {
    case (.default, .optional(let type)):
      guard arguments == [type] else { throw FilterMisuse("takes one argument, \(type.words)") }
      return type
    case (.default, _): throw FilterMisuse("is for a value that may be missing; this is \(input.words)")
    case (_, .optional): throw FilterMisuse("needs a value; this is \(input.words)")
    case (.join, .list(.text)), (.join, .list(.number)):
      guard arguments == [.text] else { throw FilterMisuse("takes one argument, the text between the items") }
      return .text
    case (.join, _): throw FilterMisuse("needs a list of texts or numbers; this is \(input.words)")
    case (.each, .list(.object(let fields))):
      guard let field, let type = fields[field] else {
        throw FilterMisuse("takes the name of a field in quotes: \(fields.keys.sorted().joined(separator: ", "))")
      }
      return .list(type)
    case (.each, _): throw FilterMisuse("needs a list of objects; this is \(input.words)")
    case (.hostlist, .list(.text)): return try none(.text)
    case (.hostlist, _): throw FilterMisuse("needs a list of names; this is \(input.words)")
    case (.length, .list), (.length, .text): return try none(.number)
    case (.length, _): throw FilterMisuse("needs a list or a text; this is \(input.words)")
    case (.first, .list(let item)): return try none(.optional(item))
    case (.sort, .list(.text)), (.sort, .list(.number)): return try none(input)
    case (.first, _), (.sort, _): throw FilterMisuse("needs a list of texts or numbers; this is \(input.words)")
    case (.lower, .text), (.upper, .text), (.quote, .text), (.lines, .text): return try none(.text)
    case (.lower, _), (.upper, _), (.quote, _), (.lines, _): throw FilterMisuse("needs a text; this is \(input.words)")
    }
  }

  /// The result for a value of the type that was checked.
  func result(_ value: TemplateValue, _ arguments: [TemplateValue], _ hostlist: ([String]) -> String) -> TemplateValue {
    switch (self, value) {
    case (.default, .none): arguments.first ?? .none
    case (.join, .list(let items)): .text(items.map(\.printed).joined(separator: arguments.first?.printed ?? ""))
    case (.each, .list(let items)):
      .list(
        items.map { item in
          guard case .object(let fields) = item, let name = arguments.first?.printed else { return .none }
          return fields[name] ?? .none
        })
    case (.hostlist, .list(let items)): .text(hostlist(items.map(\.printed)))
    case (.length, .list(let items)): .number(items.count)
    case (.length, .text(let text)): .number(text.unicodeScalars.count)
    case (.first, .list(let items)): items.first ?? .none
    case (.sort, .list(let items)): .list(items.sorted { $0.precedes($1) })
    case (.lower, .text(let text)): .text(text.lowercased())
    case (.upper, .text(let text)): .text(text.uppercased())
    case (.quote, .text(let text)): .text(text.quotedForShell)
    default: value
    }
  }
}

struct FilterMisuse: Error {
  let words: String
  init(_ words: String) { self.words = words }
}

extension TemplateValue {
  /// As it is written into a file.
  var printed: String {
    switch self {
    case .text(let text): text
    case .number(let number): "\(number)"
    case .flag(let flag): flag ? "true" : "false"
    case .list, .object, .none: ""
    }
  }

  func precedes(_ other: TemplateValue) -> Bool {
    if case .number(let a) = self, case .number(let b) = other { return a < b }
    return printed.unicodeScalars.lexicographicallyPrecedes(other.printed.unicodeScalars)
  }
}

extension String {
  /// One word of sh(1), whatever is in it.
  package var quotedForShell: String { "'" + replacing("'", with: "'\\''") + "'" }
}

/// The filters that there are, for those who write templates.
package enum TemplateFilters {
  package static var names: String { Filter.names }
}
