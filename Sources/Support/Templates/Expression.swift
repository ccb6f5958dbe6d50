// SPDX-License-Identifier: Apache-2.0

/// The text between `{{` and `}}`, or behind `if` and `in`, as a tree.
struct Expression: Sendable {
  indirect enum Form: Sendable {
    case literal(TemplateValue)
    /// `cluster.nodes`: the names of a variable and of fields.
    case path([String])
    case filter(Expression, String, [Expression])
    case not(Expression)
    case both(Expression, Expression)
    case either(Expression, Expression)
    case compare(Expression, Comparison, Expression)
    case contains(Expression, item: Expression)
  }

  enum Comparison: String, Sendable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case atMost = "<="
    case more = ">"
    case atLeast = ">="
  }

  var form: Form
  var place: Place
}

/// Reads one expression. Jinja's order of binding: filters, comparisons, `not`, `and`, `or`.
struct ExpressionParser {
  private static let depth = 32

  private var tokens: ArraySlice<ExpressionToken>
  private let end: Place
  private var level = 0

  init(_ tokens: [ExpressionToken], end: Place) {
    self.tokens = tokens[...]
    self.end = end
  }

  mutating func whole() throws(TemplateProblem) -> Expression {
    let expression = try either()
    if let rest = tokens.first {
      throw TemplateProblem(
        "`\(rest.text)` is not expected here.", help: "The expression ends before it. Write one value, with filters.",
        at: rest.place)
    }
    return expression
  }

  /// `NAME in EXPRESSION`, as behind `for`.
  mutating func loop() throws(TemplateProblem) -> (name: String, list: Expression) {
    guard let name = tokens.first, name.kind == .name else {
      throw TemplateProblem(
        "`for` has no name.", help: "Write `{% for node in cluster.nodes %}`.", at: tokens.first?.place ?? end)
    }
    tokens.removeFirst()
    guard take("in") != nil else {
      throw TemplateProblem(
        "`in` is missing.", help: "Write `{% for \(name.text) in LIST %}`.", at: tokens.first?.place ?? end)
    }
    return (name.text, try whole())
  }

  private mutating func take(_ words: String...) -> ExpressionToken? {
    guard let first = tokens.first, first.kind != .text, words.contains(first.text) else { return nil }
    tokens.removeFirst()
    return first
  }

  private mutating func either() throws(TemplateProblem) -> Expression {
    var left = try both()
    while let word = take("or") { left = Expression(form: .either(left, try both()), place: word.place) }
    return left
  }

  private mutating func both() throws(TemplateProblem) -> Expression {
    var left = try negation()
    while let word = take("and") { left = Expression(form: .both(left, try negation()), place: word.place) }
    return left
  }

  private mutating func negation() throws(TemplateProblem) -> Expression {
    guard let word = take("not") else { return try comparison() }
    try deeper(word.place)
    defer { level -= 1 }
    return Expression(form: .not(try negation()), place: word.place)
  }

  private mutating func comparison() throws(TemplateProblem) -> Expression {
    let left = try filtered()
    if let sign = take("==", "!=", "<", "<=", ">", ">="), let comparison = Expression.Comparison(rawValue: sign.text) {
      return Expression(form: .compare(left, comparison, try filtered()), place: sign.place)
    }
    if let word = take("in") {
      return Expression(form: .contains(try filtered(), item: left), place: word.place)
    }
    return left
  }

  private mutating func filtered() throws(TemplateProblem) -> Expression {
    var value = try simple()
    while take("|") != nil {
      guard let name = tokens.first, name.kind == .name else {
        throw TemplateProblem(
          "A filter is missing behind `|`.", help: "Filters are: \(Filter.names).", at: tokens.first?.place ?? end)
      }
      tokens.removeFirst()
      var arguments: [Expression] = []
      if take("(") != nil, take(")") == nil {
        repeat { arguments.append(try either()) } while take(",") != nil
        try close()
      }
      value = Expression(form: .filter(value, name.text, arguments), place: name.place)
    }
    return value
  }

  private mutating func simple() throws(TemplateProblem) -> Expression {
    guard let token = tokens.popFirst() else {
      throw TemplateProblem("A value is missing.", help: "Write a name, such as `cluster.domain`.", at: end)
    }
    func literal(_ value: TemplateValue) -> Expression { Expression(form: .literal(value), place: token.place) }
    switch token.kind {
    case .text: return literal(.text(token.text))
    case .number:
      guard let number = Int(token.text) else {
        throw TemplateProblem("`\(token.text)` is too large.", help: "Write a smaller number.", at: token.place)
      }
      return literal(.number(number))
    case .name where token.text == "true": return literal(.flag(true))
    case .name where token.text == "false": return literal(.flag(false))
    case .name:
      var path = [token.text]
      while take(".") != nil {
        guard let field = tokens.first, field.kind == .name else {
          throw TemplateProblem(
            "The name of a field is missing behind `.`.", help: "Write `\(path.joined(separator: ".")).FIELD`.",
            at: tokens.first?.place ?? end)
        }
        tokens.removeFirst()
        path.append(field.text)
      }
      return Expression(form: .path(path), place: token.place)
    case .sign where token.text == "(":
      try deeper(token.place)
      defer { level -= 1 }
      let inner = try either()
      try close()
      return inner
    case .sign:
      throw TemplateProblem(
        "`\(token.text)` is not a value.", help: "Write a name, a number or a text in quotes.", at: token.place)
    }
  }

  private mutating func deeper(_ place: Place) throws(TemplateProblem) {
    level += 1
    guard level <= Self.depth else {
      throw TemplateProblem("This expression is nested too deep.", help: "Write it with fewer brackets.", at: place)
    }
  }

  private mutating func close() throws(TemplateProblem) {
    guard take(")") == nil else { return }
    throw TemplateProblem("`)` is missing.", help: "Close the bracket.", at: tokens.first?.place ?? end)
  }
}
