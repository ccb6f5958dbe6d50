// SPDX-License-Identifier: Apache-2.0

/// A regular expression that cannot hang: a search takes time in proportion to the text and to the pattern, whatever
/// both say.
///
/// All states that the pattern can be in are followed at once (Thompson 1968), so that there is nothing to go back to.
/// It has the common part of POSIX and Perl: classes, groups, `|`, `* + ? {2,3}`, `\d \w \s`. `^` and `$` are the ends
/// of each line. There are no references to what a group has matched: they are what makes others slow.
package struct TextPattern: Sendable {
  /// A mistake in a pattern, and where: characters before it.
  package struct Problem: Error, Hashable, Sendable {
    package var detail: String
    package var offset: Int
  }

  enum Instruction: Sendable {
    case one(CharacterRanges)
    case split(Int, Int)
    case jump(Int)
    case lineStart
    case lineEnd
    case matched
  }

  /// Instructions of one pattern. `(a{100}){100}` is refused.
  static let limit = 1000

  package let source: String
  private let program: [Instruction]

  package init(_ source: String) throws(Problem) {
    self.source = source
    var parser = PatternParser(source)
    let tree = try parser.whole()
    var program: [Instruction] = []
    try PatternProgram.add(tree, to: &program)
    program.append(.matched)
    self.program = program
  }

  /// Whether it is anywhere in the text.
  package func isFound(in text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    var states = States(program.count)
    for place in 0...scalars.count {
      // It may begin at each place.
      if follow(0, place, scalars, &states) { return true }
      guard place < scalars.count else { return false }
      var next = States(program.count)
      for state in states.list {
        guard case .one(let ranges) = program[state], ranges.contains(scalars[place]) else { continue }
        if follow(state + 1, place + 1, scalars, &next) { return true }
      }
      states = next
    }
    return false
  }

  private struct States {
    var list: [Int] = []
    var has: [Bool]

    init(_ count: Int) { has = Array(repeating: false, count: count) }
  }

  /// Adds all states that are reached without a character. True: the pattern has matched.
  private func follow(_ start: Int, _ place: Int, _ text: [Unicode.Scalar], _ states: inout States) -> Bool {
    if states.has[start] { return false }
    var open = [start]
    while let state = open.popLast() {
      if states.has[state] { continue }
      states.has[state] = true
      switch program[state] {
      case .one: states.list.append(state)
      case .split(let one, let other): open += [other, one]
      case .jump(let target): open.append(target)
      case .lineStart: if place == 0 || text[place - 1] == "\n" { open.append(state + 1) }
      case .lineEnd: if place == text.count || text[place] == "\n" { open.append(state + 1) }
      case .matched: return true
      }
    }
    return false
  }
}

extension TextPattern: Hashable {
  package static func == (a: Self, b: Self) -> Bool { a.source == b.source }
  package func hash(into hasher: inout Hasher) { hasher.combine(source) }
}

/// A class of characters.
struct CharacterRanges: Sendable {
  var ranges: [ClosedRange<UInt32>] = []
  var isNegated = false

  init(_ ranges: [ClosedRange<UInt32>], negated: Bool = false) {
    self.ranges = ranges
    isNegated = negated
  }

  init(_ scalar: Unicode.Scalar) { self.init([scalar.value...scalar.value]) }

  static let digits = CharacterRanges([48...57])
  static let word = CharacterRanges([48...57, 65...90, 95...95, 97...122])
  static let space = CharacterRanges([9...13, 32...32])
  /// All but the end of a line.
  static let any = CharacterRanges([10...10], negated: true)

  func contains(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar.value) } != isNegated }
}

indirect enum PatternTree: Sendable {
  case one(CharacterRanges)
  case lineStart
  case lineEnd
  case sequence([PatternTree])
  case choice([PatternTree])
  case repeated(PatternTree, Int, Int?)
}

private enum PatternProgram {
  static func add(_ tree: PatternTree, to program: inout [TextPattern.Instruction]) throws(TextPattern.Problem) {
    guard program.count < TextPattern.limit else {
      throw TextPattern.Problem(detail: "The pattern is too large: it repeats too much.", offset: 0)
    }
    switch tree {
    case .one(let ranges): program.append(.one(ranges))
    case .lineStart: program.append(.lineStart)
    case .lineEnd: program.append(.lineEnd)
    case .sequence(let parts): for part in parts { try add(part, to: &program) }
    case .choice(let parts): try add(parts[...], to: &program)
    case .repeated(let part, let least, let most):
      for _ in 0..<least { try add(part, to: &program) }
      guard let most else { return try addLoop(part, to: &program) }
      var splits: [Int] = []
      for _ in least..<max(least, most) {
        splits.append(program.count)
        program.append(.jump(0))
        try add(part, to: &program)
      }
      for split in splits { program[split] = .split(split + 1, program.count) }
    }
  }

  private static func add(
    _ parts: ArraySlice<PatternTree>, to program: inout [TextPattern.Instruction]
  ) throws(TextPattern.Problem) {
    guard let first = parts.first else { return }
    if parts.count == 1 { return try add(first, to: &program) }
    let split = program.count
    program.append(.jump(0))
    try add(first, to: &program)
    let end = program.count
    program.append(.jump(0))
    program[split] = .split(split + 1, program.count)
    try add(parts.dropFirst(), to: &program)
    program[end] = .jump(program.count)
  }

  private static func addLoop(
    _ part: PatternTree, to program: inout [TextPattern.Instruction]
  ) throws(TextPattern.Problem) {
    let start = program.count
    program.append(.jump(0))
    try add(part, to: &program)
    program.append(.jump(start))
    program[start] = .split(start + 1, program.count)
  }
}
