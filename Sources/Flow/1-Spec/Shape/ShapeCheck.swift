// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Holds a tree against its shape and reports everything that does not fit: unknown, missing and empty keys, wrong
/// types.
struct ShapeCheck {
  private(set) var problems: [Diagnostic] = []

  static func problems(_ node: YAMLNode, _ shape: Shape) -> [Diagnostic] {
    var check = ShapeCheck()
    check.visit(node, shape, at: "the description")
    return check.problems
  }

  private mutating func visit(_ node: YAMLNode, _ shape: Shape, at place: String) {
    if node.isEmpty {
      report(.emptyValue, "\(place) has no value.", "Give it \(Self.noun(shape)), or take the key out.", node)
      return
    }
    switch (shape, node.kind) {
    case (.scalar(let type), .scalar(let text, _)):
      if let problem = type.problem(text) { report(problem.code, problem.detail, problem.help, node) }
    case (.list(let item, let minimum), .sequence(let items)): visit(items, item, minimum, node, place)
    case (.named(let type, let value), .mapping(let pairs)):
      for pair in pairs {
        if let problem = type.problem(pair.key.text ?? "") {
          report(problem.code, problem.detail, problem.help, pair.key)
        }
        visit(pair.value, value, at: "`\(pair.key.text ?? "")`")
      }
    case (.section(let keys), .mapping(let pairs)): visit(pairs, keys, node, place)
    default:
      report(.wrongType, "\(place) is to be \(Self.noun(shape)), and this is \(node.noun).", Self.example(shape), node)
    }
  }

  private mutating func visit(_ items: [YAMLNode], _ shape: Shape, _ minimum: Int, _ node: YAMLNode, _ place: String) {
    if items.count < minimum { report(.emptyValue, "\(place) is empty.", "Name at least one.", node) }
    var seen: [String: SourceSpan] = [:]
    for item in items {
      visit(item, shape, at: "an item of \(place)")
      guard let text = item.text, let first = seen.updateValue(item.span, forKey: text) else { continue }
      problems.append(
        Diagnostic(
          .repeatedItem, "`\(text)` is listed twice.", help: "Keep one of them.", at: item.span,
          notes: [.init(text: "it is first listed here", span: first)]))
    }
  }

  private mutating func visit(_ pairs: [YAMLNode.Pair], _ keys: [Shape.Key], _ node: YAMLNode, _ place: String) {
    for pair in pairs {
      let name = pair.key.text ?? ""
      guard let key = keys.first(where: { $0.name == name }) else {
        unknown(pair.key, name, keys)
        continue
      }
      visit(pair.value, key.shape, at: "`\(name)`")
    }
    let given = Set(pairs.map { $0.key.text ?? "" })
    for key in keys where key.required && !given.contains(key.name) {
      var span = node.span
      (span.endLine, span.endColumn) = (span.line, span.column + 1)
      problems.append(
        Diagnostic(.missingKey, "\(place) lacks the key `\(key.name)`.", help: "Add it. \(key.help)", at: span))
    }
  }

  private mutating func unknown(_ node: YAMLNode, _ name: String, _ keys: [Shape.Key]) {
    let known = keys.map(\.name)
    guard let near = Suggestion.nearest(name, in: known) else {
      report(.unknownKey, "There is no key `\(name)` here.", "Known here: \(known.sorted().joined(separator: ", ")).", node)
      return
    }
    problems.append(
      Diagnostic(
        .unknownKey, "There is no key `\(name)` here.", help: "Did you mean `\(near)`?", at: node.span,
        fixIts: [.init(label: "write `\(near)`", span: node.span, replacement: near)]))
  }

  private mutating func report(_ code: Diagnostic.Code, _ detail: String, _ help: String, _ node: YAMLNode) {
    let detail = detail.prefix(1).uppercased() + detail.dropFirst()
    problems.append(Diagnostic(code, detail, help: help, at: node.span))
  }

  private static func noun(_ shape: Shape) -> String {
    switch shape {
    case .scalar: "a single value"
    case .list: "a list"
    case .named, .section: "a mapping"
    }
  }

  private static func example(_ shape: Shape) -> String {
    switch shape {
    case .scalar: "Write the value on the key's own line."
    case .list: "Write it in brackets, or each item on a line of its own after a hyphen."
    case .named: "Write names with a colon, each on a line of its own, indented."
    case .section(let keys): "Write its keys, indented: \(keys.map(\.name).joined(separator: ", "))."
    }
  }
}
