// SPDX-License-Identifier: Apache-2.0

struct ExpressionToken: Sendable {
  enum Kind: Sendable { case name, number, text, sign }

  var kind: Kind
  var text: String
  var place: Place
}

/// A piece of a template: text as it stands, or what a pair of brackets holds.
enum TemplatePiece: Sendable {
  case text(String)
  case output([ExpressionToken], end: Place)
  case tag([ExpressionToken], place: Place, end: Place)
}

/// Cuts a template into pieces. A `{% … %}` or `{# … #}` that stands alone on its line takes the line with it, so that
/// templates can be indented as they are read.
struct TemplateScanner {
  private let scalars: [Unicode.Scalar]
  private var index = 0
  private var place = Place(line: 1, column: 1)
  private var pieces: [TemplatePiece] = []
  private var text = ""
  /// All on this line so far is blank, or belongs to brackets that print nothing.
  private var lineIsBlank = true

  static func pieces(of text: String) throws(TemplateProblem) -> [TemplatePiece] {
    var scanner = TemplateScanner(text)
    try scanner.scan()
    return scanner.pieces
  }

  private init(_ text: String) { scalars = Array(text.unicodeScalars) }

  private func starts(with sign: String) -> Bool {
    scalars[index...].starts(with: sign.unicodeScalars)
  }

  private mutating func advance(_ count: Int = 1) {
    for _ in 0..<count where index < scalars.count {
      if scalars[index] == "\n" { place = Place(line: place.line + 1, column: 1) } else { place.column += 1 }
      index += 1
    }
  }

  private mutating func scan() throws(TemplateProblem) {
    while index < scalars.count {
      if starts(with: "{{") {
        flush()
        let start = place
        lineIsBlank = false
        let tokens = try tokens(until: "}}", from: start)
        pieces.append(.output(tokens, end: place))
        advance(2)
      } else if starts(with: "{%") {
        let (start, wasBlank) = (place, lineIsBlank)
        let tokens = try tokens(until: "%}", from: start)
        let end = place
        advance(2)
        takeLine(wasBlank)
        flush()
        pieces.append(.tag(tokens, place: start, end: end))
      } else if starts(with: "{#") {
        let (start, wasBlank) = (place, lineIsBlank)
        advance(2)
        while index < scalars.count, !starts(with: "#}") { advance() }
        guard index < scalars.count else { throw Self.open("{#", "#}", start) }
        advance(2)
        takeLine(wasBlank)
      } else {
        let scalar = scalars[index]
        text.unicodeScalars.append(scalar)
        if scalar == "\n" { lineIsBlank = true } else if scalar != " ", scalar != "\t" { lineIsBlank = false }
        advance()
      }
    }
    flush()
  }

  private mutating func flush() {
    if !text.isEmpty { pieces.append(.text(text)) }
    text = ""
  }

  /// Drops the blanks before brackets that were alone on their line, and the line's end.
  private mutating func takeLine(_ wasBlank: Bool) {
    guard wasBlank else { return }
    var ahead = index
    while ahead < scalars.count, scalars[ahead] == " " || scalars[ahead] == "\t" { ahead += 1 }
    guard ahead == scalars.count || scalars[ahead] == "\n" else {
      lineIsBlank = false
      return
    }
    while let last = text.unicodeScalars.last, last == " " || last == "\t" { text.unicodeScalars.removeLast() }
    advance(ahead - index + 1)
    lineIsBlank = true
  }

  private static func open(_ sign: String, _ close: String, _ place: Place) -> TemplateProblem {
    TemplateProblem("`\(sign)` is not closed.", help: "Close it with `\(close)`.", at: place)
  }

  private mutating func tokens(until close: String, from start: Place) throws(TemplateProblem) -> [ExpressionToken] {
    advance(2)
    var tokens: [ExpressionToken] = []
    while true {
      guard index < scalars.count else { throw Self.open(close == "}}" ? "{{" : "{%", close, start) }
      if starts(with: close) { return tokens }
      let scalar = scalars[index]
      if scalar == " " || scalar == "\t" || scalar == "\n" {
        advance()
      } else {
        tokens.append(try token(scalar))
      }
    }
  }

  private mutating func token(_ first: Unicode.Scalar) throws(TemplateProblem) -> ExpressionToken {
    let start = place
    func isLetter(_ scalar: Unicode.Scalar) -> Bool {
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }
    func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
    if first == "'" || first == "\"" { return try quoted(first) }
    if isLetter(first) {
      let word = taking { isLetter($0) || isDigit($0) }
      return ExpressionToken(kind: .name, text: word, place: start)
    }
    if isDigit(first) { return ExpressionToken(kind: .number, text: taking(isDigit), place: start) }
    for sign in ["==", "!=", "<=", ">=", "<", ">", "|", "(", ")", ",", "."] where starts(with: sign) {
      advance(sign.unicodeScalars.count)
      return ExpressionToken(kind: .sign, text: sign, place: start)
    }
    throw TemplateProblem(
      "`\(first)` is not part of an expression.", help: "Names, numbers, texts in quotes, comparisons and filters are.",
      at: start)
  }

  private mutating func taking(_ fits: (Unicode.Scalar) -> Bool) -> String {
    var word = String.UnicodeScalarView()
    while index < scalars.count, fits(scalars[index]) {
      word.append(scalars[index])
      advance()
    }
    return String(word)
  }

  private mutating func quoted(_ quote: Unicode.Scalar) throws(TemplateProblem) -> ExpressionToken {
    let start = place
    advance()
    let text = taking { $0 != quote && $0 != "\n" }
    guard index < scalars.count, scalars[index] == quote else {
      throw TemplateProblem("This text is not closed.", help: "Close it with \(quote) on the same line.", at: start)
    }
    advance()
    return ExpressionToken(kind: .text, text: text, place: start)
  }
}
