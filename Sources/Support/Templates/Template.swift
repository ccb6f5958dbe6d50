// SPDX-License-Identifier: Apache-2.0

/// A text with places for values, in the surface of Jinja: `{{ value }}`, `{% if %}`, `{% for %}`, `{# comment #}`.
///
/// It is checked against the types of what it may read before there is a value, and reaches nothing else: no program,
/// file or clock. What it prints is bounded.
package struct Template: Sendable {
  indirect enum Part: Sendable {
    case text(String)
    case output(Expression)
    case choice([Branch], otherwise: [Part])
    case loop(String, Expression, [Part], otherwise: [Part])
  }

  struct Branch: Sendable {
    var condition: Expression
    var parts: [Part]
  }

  /// The text that it was made from.
  package let source: String
  let parts: [Part]

  /// - Parameter variables: the names that it may read, with their types.
  /// - Throws: the first problem, with its place.
  package init(_ text: String, variables: [String: TemplateType]) throws(TemplateProblem) {
    var parser = TemplateParser(try TemplateScanner.pieces(of: text))
    source = text
    parts = try parser.whole()
    try TemplateChecker(variables: variables).check(parts)
  }
}

extension Template: Hashable {
  package static func == (a: Self, b: Self) -> Bool { a.source == b.source }
  package func hash(into hasher: inout Hasher) { hasher.combine(source) }
}

/// Puts the pieces of a template together: which `{% end… %}` ends which tag.
private struct TemplateParser {
  private static let depth = 32

  private struct Tag {
    var word: String
    var rest: [ExpressionToken]
    var place: Place
    var end: Place
  }

  private var pieces: ArraySlice<TemplatePiece>
  private var level = 0

  init(_ pieces: [TemplatePiece]) { self.pieces = pieces[...] }

  mutating func whole() throws(TemplateProblem) -> [Template.Part] {
    let (parts, end) = try parts()
    if let end {
      throw TemplateProblem(
        "`{% \(end.word) %}` ends nothing.", help: "Remove it, or open what it ends.", at: end.place)
    }
    return parts
  }

  /// All until a tag that ends or divides an enclosing one, which is returned.
  private mutating func parts() throws(TemplateProblem) -> ([Template.Part], Tag?) {
    var parts: [Template.Part] = []
    while let piece = pieces.popFirst() {
      switch piece {
      case .text(let text): parts.append(.text(text))
      case .output(let tokens, let end):
        var parser = ExpressionParser(tokens, end: end)
        parts.append(.output(try parser.whole()))
      case .tag(let tokens, let place, let end):
        guard let first = tokens.first else {
          throw TemplateProblem("This tag is empty.", help: "Tags are if, elif, else, endif, for, endfor.", at: place)
        }
        let tag = Tag(word: first.text, rest: Array(tokens.dropFirst()), place: place, end: end)
        switch tag.word {
        case "if": parts.append(try choice(tag))
        case "for": parts.append(try loop(tag))
        case "elif", "else", "endif", "endfor": return (parts, tag)
        default:
          throw TemplateProblem(
            "`\(tag.word)` is not a tag.", help: "Tags are if, elif, else, endif, for, endfor.", at: first.place)
        }
      }
    }
    return (parts, nil)
  }

  private mutating func choice(_ opening: Tag) throws(TemplateProblem) -> Template.Part {
    try enter(opening)
    defer { level -= 1 }
    var branches: [Template.Branch] = []
    var tag = opening
    while tag.word != "else" {
      var parser = ExpressionParser(tag.rest, end: tag.end)
      let condition = try parser.whole()
      let (parts, next) = try parts()
      branches.append(Template.Branch(condition: condition, parts: parts))
      guard let next, next.word != "endfor" else { throw Self.open(opening, "endif") }
      if next.word == "endif" { return .choice(branches, otherwise: try nothing(behind: next, [])) }
      tag = next
    }
    _ = try nothing(behind: tag, [])
    let (otherwise, end) = try parts()
    guard let end, end.word == "endif" else { throw Self.open(opening, "endif") }
    return .choice(branches, otherwise: try nothing(behind: end, otherwise))
  }

  private mutating func loop(_ opening: Tag) throws(TemplateProblem) -> Template.Part {
    try enter(opening)
    defer { level -= 1 }
    var parser = ExpressionParser(opening.rest, end: opening.end)
    let (name, list) = try parser.loop()
    let (body, next) = try parts()
    guard let next, next.word == "endfor" || next.word == "else" else { throw Self.open(opening, "endfor") }
    if next.word == "endfor" { return .loop(name, list, body, otherwise: try nothing(behind: next, [])) }
    _ = try nothing(behind: next, [])
    let (otherwise, end) = try parts()
    guard let end, end.word == "endfor" else { throw Self.open(opening, "endfor") }
    return .loop(name, list, body, otherwise: try nothing(behind: end, otherwise))
  }

  private mutating func enter(_ tag: Tag) throws(TemplateProblem) {
    level += 1
    guard level <= Self.depth else {
      throw TemplateProblem("Tags are nested too deep here.", help: "At most \(Self.depth) levels.", at: tag.place)
    }
  }

  private static func open(_ tag: Tag, _ end: String) -> TemplateProblem {
    TemplateProblem("`{% \(tag.word) %}` is not ended.", help: "End it with `{% \(end) %}`.", at: tag.place)
  }

  private func nothing(behind tag: Tag, _ parts: [Template.Part]) throws(TemplateProblem) -> [Template.Part] {
    guard let token = tag.rest.first else { return parts }
    throw TemplateProblem(
      "`\(token.text)` is not expected behind `\(tag.word)`.", help: "Write `{% \(tag.word) %}`.", at: token.place)
  }
}
