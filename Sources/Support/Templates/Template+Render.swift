// SPDX-License-Identifier: Apache-2.0

/// Bounds on what one template writes. Far above any configuration file, far below what would hurt.
package enum TemplateLimits {
  /// Bytes of one file.
  package static let bytes = 4 << 20
  /// Rounds of all loops.
  package static let rounds = 1_000_000
}

extension Template {
  /// The text for these values, which are of the types that the template was checked against.
  ///
  /// - Parameter hostlist: folds names as the field writes them.
  /// - Throws: for a value with a line break that is not let through with `lines`, and for a text beyond the limits.
  package func text(
    _ values: [String: TemplateValue], hostlist: @escaping ([String]) -> String
  ) throws(TemplateProblem) -> String {
    var renderer = TemplateRenderer(values: values, hostlist: hostlist)
    try renderer.write(parts)
    return renderer.text
  }
}

private struct TemplateRenderer {
  private var values: [String: TemplateValue]
  private let hostlist: ([String]) -> String
  private var rounds = 0
  private(set) var text = ""

  init(values: [String: TemplateValue], hostlist: @escaping ([String]) -> String) {
    self.values = values
    self.hostlist = hostlist
  }

  mutating func write(_ parts: [Template.Part]) throws(TemplateProblem) {
    for part in parts {
      switch part {
      case .text(let plain): text += plain
      case .output(let expression): try output(expression)
      case .choice(let branches, let otherwise):
        let chosen = branches.first { value($0.condition).isTrue }
        try write(chosen?.parts ?? otherwise)
      case .loop(let name, let list, let body, let otherwise):
        try loop(name, list, body, otherwise)
      }
    }
  }

  private mutating func output(_ expression: Expression) throws(TemplateProblem) {
    let printed = value(expression).printed
    if printed.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\r" }), !Self.allowsLines(expression) {
      throw TemplateProblem(
        "This value has a line break, which could begin a setting of its own.",
        help: "Take it out of the value, or write `| lines` where that is meant.", at: expression.place)
    }
    text += printed
    guard text.utf8.count <= TemplateLimits.bytes else {
      throw TemplateProblem(
        "The file would be larger than \(TemplateLimits.bytes >> 20) MiB.", help: "Write less in a loop.",
        at: expression.place)
    }
  }

  private static func allowsLines(_ expression: Expression) -> Bool {
    guard case .filter(let value, let name, _) = expression.form else { return false }
    return name == Filter.lines.rawValue || name == Filter.quote.rawValue && allowsLines(value)
  }

  private mutating func loop(
    _ name: String, _ list: Expression, _ body: [Template.Part], _ otherwise: [Template.Part]
  ) throws(TemplateProblem) {
    guard case .list(let items) = value(list), !items.isEmpty else { return try write(otherwise) }
    let outer = values
    defer { values = outer }
    for (index, item) in items.enumerated() {
      rounds += 1
      guard rounds <= TemplateLimits.rounds, text.utf8.count <= TemplateLimits.bytes else {
        throw TemplateProblem("This loop writes too much.", help: "Loop over less.", at: list.place)
      }
      values[name] = item
      values["loop"] = .object([
        "index": .number(index + 1), "first": .flag(index == 0), "last": .flag(index == items.count - 1),
      ])
      try write(body)
    }
  }

  private func value(_ expression: Expression) -> TemplateValue {
    switch expression.form {
    case .literal(let value): return value
    case .path(let path):
      var value = values[path[0]] ?? .none
      for name in path.dropFirst() {
        guard case .object(let fields) = value else { return .none }
        value = fields[name] ?? .none
      }
      return value
    case .filter(let input, let name, let arguments):
      return Filter(rawValue: name)?.result(value(input), arguments.map(value), hostlist) ?? .none
    case .not(let inner): return .flag(!value(inner).isTrue)
    case .both(let a, let b): return .flag(value(a).isTrue && value(b).isTrue)
    case .either(let a, let b): return .flag(value(a).isTrue || value(b).isTrue)
    case .compare(let a, let comparison, let b): return .flag(Self.holds(value(a), comparison, value(b)))
    case .contains(let list, let item):
      switch (value(list), value(item)) {
      case (.list(let items), let item): return .flag(items.contains(item))
      case (.text(let text), .text(let part)): return .flag(text.contains(part))
      default: return .flag(false)
      }
    }
  }

  private static func holds(_ a: TemplateValue, _ comparison: Expression.Comparison, _ b: TemplateValue) -> Bool {
    switch comparison {
    case .equal: a == b
    case .unequal: a != b
    case .less: a.precedes(b)
    case .atMost: !b.precedes(a)
    case .more: b.precedes(a)
    case .atLeast: !a.precedes(b)
    }
  }
}
