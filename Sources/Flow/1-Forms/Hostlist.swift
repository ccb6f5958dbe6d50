// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Names of machines in Slurm's hostlist form: `node[001-064,100]`, `rack[1-4]n[01-32]`, `login1,login2`.
///
/// Kept folded, so that its size is known before it is expanded. The last bracket counts fastest.
package struct Hostlist: Sendable {
  package struct Range: Sendable {
    package let first: Int
    package let last: Int
    /// Digits that numbers are filled up to with zeros.
    package let width: Int
  }

  package enum Part: Sendable {
    case text(String)
    case numbers([Range])
  }

  private var items: [[Part]] = []

  /// How many names it stands for.
  package var count: Int {
    items.reduce(0) { total, parts in
      let product = parts.reduce(1) { product, part in
        guard case .numbers(let ranges) = part else { return product }
        let numbers = ranges.reduce(0) { $0 + $1.last - $1.first + 1 }
        let (value, overflow) = product.multipliedReportingOverflow(by: numbers)
        return overflow ? Int.max / 2 : value
      }
      let (sum, overflow) = total.addingReportingOverflow(product)
      return overflow ? Int.max / 2 : sum
    }
  }

  package func expanded() -> [HostID] {
    var names: [HostID] = []
    names.reserveCapacity(count)
    for parts in items { Self.expand(parts[...], "", &names) }
    return names
  }

  private static func expand(_ parts: ArraySlice<Part>, _ prefix: String, _ names: inout [HostID]) {
    guard let part = parts.first else {
      names.append(HostID(prefix))
      return
    }
    switch part {
    case .text(let text): expand(parts.dropFirst(), prefix + text, &names)
    case .numbers(let ranges):
      for range in ranges {
        for number in range.first...range.last {
          let digits = String(number)
          let zeros = String(repeating: "0", count: max(0, range.width - digits.utf8.count))
          expand(parts.dropFirst(), prefix + zeros + digits, &names)
        }
      }
    }
  }
}

extension Hostlist {
  /// Bounds what one hostlist may say, so that its size can be computed.
  private static let longestNumber = 9
  private static let mostBrackets = 4

  package static func parse(_ text: String) -> Reading<Hostlist> {
    guard text.utf8.count <= 65536 else {
      return .wrong("The hostlist is too long.", help: "Use ranges: `node[001-512]`.")
    }
    if text.contains(".") {
      return .wrong(
        "`\(shown(text))` has a domain in it.",
        help: "`domain:` is added to every name: write the part before the first dot.")
    }
    var list = Hostlist()
    for item in splitItems(text) {
      switch parseItem(item) {
      case .success(let parts): list.items.append(parts)
      case .failure(let problem):
        return .wrong(
          problem.detail, help: "\(problem.help) A hostlist is written `node[001-064,100]` or `login1,login2`.")
      }
    }
    guard list.count <= SpecLimits.names else {
      return .wrong(
        "`\(shown(text))` stands for more than \(SpecLimits.names) machines.",
        help: "Check the range for a digit too many.")
    }
    if let range = list.items.lazy.compactMap(range(_:)).first {
      return .wrong(
        "`\(shown(range.text))` is one machine with this name, and looks like several.",
        help: "A range is written in brackets: `\(range.mended)`.",
        replacement: list.items.count == 1 ? range.mended : nil, isCertain: false)
    }
    guard let problem = list.nameProblem() else { return .value(list) }
    return .wrong(problem.detail, help: problem.help, replacement: mended(text))
  }

  /// A range as other tools write it, `node01-node10`. Nil: it is none.
  private static func range(_ parts: [Part]) -> (text: String, mended: String)? {
    guard parts.count == 1, case .text(let text) = parts[0] else { return nil }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count >= 2, ends.count % 2 == 0 else { return nil }
    let (first, last) = (
      ends[..<(ends.count / 2)].joined(separator: "-"), ends[(ends.count / 2)...].joined(separator: "-")
    )
    let (from, to) = (digits(of: first), digits(of: last))
    let name = first.dropLast(from.count)
    guard !name.isEmpty, name == last.dropLast(to.count), let low = Int(from), let high = Int(to), low < high,
      from.count == to.count || !from.hasPrefix("0")
    else { return nil }
    return (text, "\(name)[\(from)-\(to)]")
  }

  private static func digits(of text: String) -> Substring {
    let count = text.utf8.reversed().prefix { (48...57).contains($0) }.count
    return text.suffix(min(count, longestNumber))
  }

  /// Names as others write them: in capitals, with underscores. Nil: something else is wrong with them.
  private static func mended(_ text: String) -> String? {
    let lower = String(text.lowercased().map { $0 == "_" ? "-" : $0 })
    guard lower != text, case .value = parse(lower) else { return nil }
    return lower
  }

  private struct Problem: Error {
    package let detail: String
    package let help: String
  }

  /// At commas outside brackets.
  private static func splitItems(_ text: String) -> [Substring] {
    var depth = 0
    return text.split(omittingEmptySubsequences: false) { character in
      if character == "[" { depth += 1 }
      if character == "]" { depth -= 1 }
      return character == "," && depth <= 0
    }
  }

  private static func parseItem(_ item: Substring) -> Result<[Part], Problem> {
    var parts: [Part] = []
    var rest = item.drop { $0 == " " }
    while let last = rest.last, last == " " { rest.removeLast() }
    guard !rest.isEmpty else {
      return .failure(Problem(detail: "A name of the hostlist is empty.", help: "Look for a comma too many."))
    }
    var brackets = 0
    while let open = rest.firstIndex(of: "[") {
      if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
      guard let close = rest[open...].firstIndex(of: "]") else {
        return .failure(
          Problem(detail: "The bracket of `\(shown(String(item)))` is never closed.", help: "Add the `]`."))
      }
      brackets += 1
      guard brackets <= mostBrackets else {
        return .failure(
          Problem(detail: "`\(shown(String(item)))` has more than \(mostBrackets) brackets.", help: "Split it."))
      }
      switch parseRanges(rest[rest.index(after: open)..<close]) {
      case .success(let ranges): parts.append(.numbers(ranges))
      case .failure(let problem): return .failure(problem)
      }
      rest = rest[rest.index(after: close)...]
    }
    if rest.contains("]") {
      return .failure(Problem(detail: "`\(shown(String(item)))` has a `]` without a `[`.", help: "Add the `[`."))
    }
    if !rest.isEmpty { parts.append(.text(String(rest))) }
    return .success(parts)
  }

  private static func parseRanges(_ text: Substring) -> Result<[Range], Problem> {
    var ranges: [Range] = []
    for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = piece.split(separator: "-", omittingEmptySubsequences: false)
      let numbers = ends.map { end -> Int? in
        (1...longestNumber).contains(end.utf8.count) && end.utf8.allSatisfy { (48...57).contains($0) } ? Int(end) : nil
      }
      guard (1...2).contains(ends.count), let first = numbers[0], let last = numbers[numbers.count - 1] else {
        return .failure(
          Problem(detail: "`\(shown(String(piece)))` is not a number or a range.", help: "Write [001-064,100]."))
      }
      guard first <= last else {
        return .failure(
          Problem(detail: "The range `\(piece)` ends before it begins.", help: "Write the lower number first."))
      }
      let padded = ends[0].hasPrefix("0") && ends[0].utf8.count > 1
      guard !padded || ends[ends.count - 1].utf8.count >= ends[0].utf8.count else {
        return .failure(Problem(detail: "The ends of `\(piece)` have different widths.", help: "Write [001-064]."))
      }
      ranges.append(Range(first: first, last: last, width: padded ? ends[0].utf8.count : 1))
    }
    return .success(ranges)
  }

  /// Checks the first and last name of each item: all others have the same letters and no more digits.
  private func nameProblem() -> NameProblem? {
    for parts in items {
      for pick in [true, false] {
        var name = ""
        for part in parts {
          switch part {
          case .text(let text): name += text
          case .numbers(let ranges):
            guard let range = pick ? ranges.first : ranges.last else { continue }
            let digits = String(pick ? range.first : range.last)
            name += String(repeating: "0", count: max(0, range.width - digits.utf8.count)) + digits
          }
        }
        if let problem = machineNameProblem(name) { return problem }
      }
    }
    return nil
  }
}

extension Form where Value == Hostlist {
  package static var hostlist: Form {
    text(
      "a hostlist", code: .badHostlist, pattern: "^[a-z0-9\\[][a-z0-9,\\[\\] -]*$",
      examples: ["node[001-064,100]", "rack[1-4]n[01-32]"]
    ) { Hostlist.parse($0) }.orNames
  }

  /// Names of a list are those of a hostlist with commas between.
  private var orNames: Form {
    Form(noun: noun, schema: schema) { node, problems in
      guard case .sequence(let items) = node.content else { return read(node, &problems) }
      let names = items.compactMap { item in if case .scalar(let scalar) = item.content { scalar.text } else { nil } }
      let text = names.joined(separator: ",")
      var isWhole = names.count == items.count && !names.isEmpty
      if case .wrong = Hostlist.parse(text) { isWhole = false }
      // Between braces a comma without quotes ends the value.
      let quoted = "\"\(text)\""
      problems.error(
        .wrongType, "Expected \(noun), found a list.",
        help: "Names are written as one text, with commas between them: `names: \"login1,login2\"`.",
        at: node.firstLine,
        fixIts: isWhole && node.span.line == node.span.endLine
          ? [.init(label: "write `\(shown(quoted))`", span: node.span, replacement: quoted)] : [])
      return nil
    }
  }
}
