// SPDX-License-Identifier: Apache-2.0

/// Finds what would go wrong with any values of the types: names that are not there, values that are printed although
/// they may be missing, comparisons that can never hold.
struct TemplateChecker {
  private static let loopVariable: TemplateType = .object([
    "index": .number, "first": .flag, "last": .flag,
  ])

  private let variables: [String: TemplateType]
  /// Paths that an enclosing condition has found to be there.
  private var present: Set<[String]> = []

  init(variables: [String: TemplateType]) { self.variables = variables }

  private init(variables: [String: TemplateType], present: Set<[String]>) {
    self.variables = variables
    self.present = present
  }

  func check(_ parts: [Template.Part]) throws(TemplateProblem) {
    for part in parts {
      switch part {
      case .text: break
      case .output(let expression): try checkOutput(expression)
      case .choice(let branches, let otherwise):
        for branch in branches {
          _ = try type(branch.condition)
          try knowing(Self.found(by: branch.condition)).check(branch.parts)
        }
        try check(otherwise)
      case .loop(let name, let list, let body, let otherwise):
        guard case .list(let item) = try type(list) else {
          throw TemplateProblem(
            "`for` needs a list; this is \(try type(list).words).", help: "Name a list, such as `cluster.nodes`.",
            at: list.place)
        }
        var inner = variables
        inner[name] = item
        inner["loop"] = Self.loopVariable
        let shadowed = present.filter { $0.first != name && $0.first != "loop" }
        try TemplateChecker(variables: inner, present: shadowed).check(body)
        try check(otherwise)
      }
    }
  }

  private func checkOutput(_ expression: Expression) throws(TemplateProblem) {
    let type = try type(expression)
    switch type {
    case .text, .number, .flag: return
    case .optional:
      throw TemplateProblem(
        "This may be missing, and nothing would be written.",
        help: "Say what is written then, `| default(…)`, or put it in an `{% if %}` that asks for it.",
        at: expression.place)
    case .list, .object:
      throw TemplateProblem(
        "This is \(type.words), which cannot be written as it is.",
        help: "Use `| join(\",\")`, a field of it, or `{% for %}`.", at: expression.place)
    }
  }

  private func knowing(_ paths: Set<[String]>) -> TemplateChecker {
    TemplateChecker(variables: variables, present: present.union(paths))
  }

  /// The paths that are there where the condition holds.
  private static func found(by condition: Expression) -> Set<[String]> {
    switch condition.form {
    case .path(let path): [path]
    case .both(let a, let b): found(by: a).union(found(by: b))
    case .either(let a, let b): found(by: a).intersection(found(by: b))
    default: []
    }
  }

  private func type(_ expression: Expression) throws(TemplateProblem) -> TemplateType {
    switch expression.form {
    case .literal(.number): return .number
    case .literal(.flag): return .flag
    case .literal: return .text
    case .path(let path): return try type(path, at: expression.place)
    case .filter(let value, let name, let arguments): return try type(value, name, arguments, at: expression.place)
    case .not(let inner):
      _ = try type(inner)
      return .flag
    case .both(let a, let b):
      _ = try type(a)
      _ = try knowing(Self.found(by: a)).type(b)
      return .flag
    case .either(let a, let b):
      _ = (try type(a), try type(b))
      return .flag
    case .compare(let a, let comparison, let b):
      try checkComparison(try type(a), comparison, try type(b), at: expression.place)
      return .flag
    case .contains(let list, let item):
      let (whole, part) = (try type(list), try type(item))
      guard whole == .list(part.bare) || (whole == .text && part.bare == .text) else {
        throw TemplateProblem(
          "\(part.words) cannot be in \(whole.words).", help: "Ask a list for an item of its type.",
          at: expression.place)
      }
      return .flag
    }
  }

  private func checkComparison(
    _ a: TemplateType, _ comparison: Expression.Comparison, _ b: TemplateType, at place: Place
  ) throws(TemplateProblem) {
    guard a.bare == b.bare else {
      throw TemplateProblem(
        "\(a.words) and \(b.words) are never the same.", help: "Compare values of one type.", at: place)
    }
    let isOrdered = a == .number && b == .number
    guard isOrdered || comparison == .equal || comparison == .unequal else {
      throw TemplateProblem("`\(comparison.rawValue)` compares numbers.", help: "Write `==` or `!=`.", at: place)
    }
  }

  private func type(_ path: [String], at place: Place) throws(TemplateProblem) -> TemplateType {
    guard var type = variables[path[0]] else {
      throw TemplateProblem(
        "There is no `\(path[0])` here.", help: "There is: \(variables.keys.sorted().joined(separator: ", ")).",
        at: place)
    }
    for count in 0..<path.count {
      if count > 0 {
        guard case .object(let fields) = type else {
          let so = path[..<count].joined(separator: ".")
          throw TemplateProblem(
            "`\(so)` has no `\(path[count])`: it is \(type.words).",
            help: "Write `\(so)`, or ask for it with `{% if \(so) %}` where it may be missing.", at: place)
        }
        guard let field = fields[path[count]] else {
          throw TemplateProblem(
            "`\(path[..<count].joined(separator: "."))` has no `\(path[count])`.",
            help: "It has: \(fields.keys.sorted().joined(separator: ", ")).", at: place)
        }
        type = field
      }
      if present.contains(Array(path[...count])) { type = type.bare }
    }
    return type
  }

  private func type(
    _ value: Expression, _ name: String, _ arguments: [Expression], at place: Place
  ) throws(TemplateProblem) -> TemplateType {
    guard let filter = Filter(rawValue: name) else {
      throw TemplateProblem("`\(name)` is not a filter.", help: "Filters are: \(Filter.names).", at: place)
    }
    var types: [TemplateType] = []
    for argument in arguments { types.append(try type(argument)) }
    var field: String?
    if case .literal(.text(let text))? = arguments.first?.form { field = text }
    let input = try type(value)
    do throws(FilterMisuse) { return try filter.type(input, types, field: field) } catch {
      throw TemplateProblem("`\(name)` \(error.words).", help: "See `cluster vars`.", at: place)
    }
  }
}
