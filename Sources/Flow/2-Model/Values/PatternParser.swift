// SPDX-License-Identifier: Apache-2.0

/// Reads the text of a `TextPattern`.
struct PatternParser {
  private static let depth = 50

  private let text: [Unicode.Scalar]
  private var place = 0
  private var level = 0

  init(_ source: String) { text = Array(source.unicodeScalars) }

  mutating func whole() throws(TextPattern.Problem) -> PatternTree {
    let tree = try choice()
    if next == ")" { throw problem("This `)` closes nothing. Write `\\)` for the character.") }
    return tree
  }

  private var next: Unicode.Scalar? { place < text.count ? text[place] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    place += 1
    return true
  }

  private func problem(_ detail: String, at offset: Int? = nil) -> TextPattern.Problem {
    TextPattern.Problem(detail: detail, offset: offset ?? place)
  }

  private mutating func choice() throws(TextPattern.Problem) -> PatternTree {
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws(TextPattern.Problem) -> PatternTree {
    var parts: [PatternTree] = []
    while let scalar = next, scalar != "|", scalar != ")" { parts.append(try repeated(try single())) }
    return .sequence(parts)
  }

  private mutating func repeated(_ part: PatternTree) throws(TextPattern.Problem) -> PatternTree {
    let start = place
    var tree = part
    switch next {
    case "*": tree = .repeated(part, 0, nil)
    case "+": tree = .repeated(part, 1, nil)
    case "?": tree = .repeated(part, 0, 1)
    case "{":
      let (least, most) = try counts()
      return try onlyOnce(.repeated(part, least, most), start)
    default: return part
    }
    place += 1
    return try onlyOnce(tree, start)
  }

  private func onlyOnce(_ tree: PatternTree, _ start: Int) throws(TextPattern.Problem) -> PatternTree {
    if let next, "*+?{".unicodeScalars.contains(next) {
      throw problem("Something is repeated twice here. Put the first repetition in a group.", at: start)
    }
    return tree
  }

  /// `{2}`, `{2,}` or `{2,5}`.
  private mutating func counts() throws(TextPattern.Problem) -> (Int, Int?) {
    let start = place
    place += 1
    let least = number()
    var most: Int?? = least
    if take(",") { most = .some(number()) }
    guard let least, let most, take("}"), least <= 1000, most ?? least <= 1000, most ?? least >= least else {
      throw problem("`{` begins a number of repetitions, as {2} or {2,5}. Write `\\{` for the character.", at: start)
    }
    return (least, most)
  }

  private mutating func number() -> Int? {
    var digits = ""
    while let scalar = next, (48...57).contains(scalar.value), digits.count < 6 {
      digits.unicodeScalars.append(scalar)
      place += 1
    }
    return Int(digits)
  }

  private mutating func single() throws(TextPattern.Problem) -> PatternTree {
    let start = place
    guard let scalar = next else { throw problem("Something is missing here.") }
    place += 1
    switch scalar {
    case ".": return .one(.any)
    case "^": return .lineStart
    case "$": return .lineEnd
    case "[": return .one(try ranges(from: start))
    case "\\": return .one(try escaped(from: start))
    case "(":
      level += 1
      defer { level -= 1 }
      guard level <= Self.depth else { throw problem("Groups are in each other too deeply.", at: start) }
      if take("?") {
        guard take(":") else { throw problem("Groups are written `(…)` or `(?:…)`.", at: start) }
      }
      let tree = try choice()
      guard take(")") else { throw problem("This `(` is never closed.", at: start) }
      return tree
    case "*", "+", "?", "{": throw problem("There is nothing before `\(scalar)` to repeat.", at: start)
    default: return .one(CharacterRanges(scalar))
    }
  }

  private mutating func escaped(from start: Int) throws(TextPattern.Problem) -> CharacterRanges {
    guard let scalar = next else { throw problem("There is nothing behind `\\`.", at: start) }
    place += 1
    switch scalar {
    case "d": return .digits
    case "w": return .word
    case "s": return .space
    case "D": return CharacterRanges(CharacterRanges.digits.ranges, negated: true)
    case "W": return CharacterRanges(CharacterRanges.word.ranges, negated: true)
    case "S": return CharacterRanges(CharacterRanges.space.ranges, negated: true)
    case "t": return CharacterRanges("\t")
    case "n": return CharacterRanges("\n")
    default:
      let isWord = CharacterRanges.word.contains(scalar) || !scalar.isASCII
      if isWord { throw problem("`\\\(scalar)` means nothing here.", at: start) }
      return CharacterRanges(scalar)
    }
  }

  private mutating func ranges(from start: Int) throws(TextPattern.Problem) -> CharacterRanges {
    let isNegated = take("^")
    var found: [ClosedRange<UInt32>] = []
    var isFirst = true
    while let scalar = next, scalar != "]" || isFirst {
      isFirst = false
      let at = place
      place += 1
      var low = CharacterRanges(scalar)
      if scalar == "\\" {
        low = try escaped(from: at)
        guard !low.isNegated else { throw problem("This cannot be in a class.", at: at) }
      }
      guard low.ranges.count == 1, low.ranges[0].count == 1, next == "-", place + 1 < text.count, text[place + 1] != "]"
      else {
        found += low.ranges
        continue
      }
      place += 1
      let from = place
      place += 1
      let high = text[from] == "\\" ? try escaped(from: from) : CharacterRanges(text[from])
      guard let first = low.ranges.first?.lowerBound, high.ranges.count == 1, let last = high.ranges.first?.upperBound,
        first <= last
      else { throw problem("These are not the ends of a range.", at: at) }
      found.append(first...last)
    }
    guard take("]") else { throw problem("This `[` is never closed.", at: start) }
    return CharacterRanges(found, negated: isNegated)
  }
}
