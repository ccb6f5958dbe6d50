// SPDX-License-Identifier: Apache-2.0
import Foundation

@testable import SpecForms
@testable import SpecReading

/// Holds a YAML tree to a JSON schema (draft 7), as an editor does: every place that the schema does not allow.
///
/// It knows the keywords that our schema has. Another one is a finding too, so that none is passed over.
struct SchemaCheck {
  typealias Schema = [String: Any]
  private(set) var findings: [String] = []

  mutating func check(_ node: SpecNode, _ schema: Schema, at path: String) {
    for (keyword, rule) in schema.sorted(by: { $0.key < $1.key }) {
      switch (keyword, rule) {
      case ("$schema", _), ("title", _), ("description", _), ("examples", _): continue
      case ("type", let type as String): require(Self.matches(node, type), "is not of type \(type)", path)
      case ("const", _): require(Self.text(node) == "\(rule)", "is not \(rule)", path)
      case ("enum", let values as [String]): require(Self.text(node).map(values.contains) == true, "is unknown", path)
      case ("pattern", let pattern as String): require(Self.matches(node, pattern: pattern), "is malformed", path)
      case ("minimum", let least as Int): require(Self.number(node).map { $0 >= least } == true, "is too small", path)
      case ("maximum", let most as Int): require(Self.number(node).map { $0 <= most } == true, "is too large", path)
      case ("minItems", let least as Int): require(Self.items(node).count >= least, "has too few items", path)
      case ("minProperties", let least as Int): require(Self.entries(node).count >= least, "has too few keys", path)
      case ("uniqueItems", true as Bool):
        let texts = Self.items(node).compactMap(Self.text)
        require(Set(texts).count == texts.count, "repeats an item", path)
      case ("items", let item as Schema):
        for (index, child) in Self.items(node).enumerated() { check(child, item, at: "\(path)[\(index)]") }
      case ("anyOf", let choices as [Schema]):
        let fits = choices.contains { choice in
          var one = SchemaCheck()
          one.check(node, choice, at: path)
          return one.findings.isEmpty
        }
        require(fits, "fits none of its forms", path)
      case ("required", let keys as [String]):
        let there = Self.entries(node).map(\.key)
        for key in keys { require(there.contains(key), "lacks \(key)", path) }
      case ("propertyNames", let names as Schema):
        let pattern = names["pattern"] as? String ?? ""
        for entry in Self.entries(node) {
          require((try? Regex(pattern).wholeMatch(in: entry.key)) != nil, "has a malformed key \(entry.key)", path)
        }
      case ("properties", let properties as [String: Schema]):
        for entry in Self.entries(node) {
          if let known = properties[entry.key] { check(entry.value, known, at: "\(path).\(entry.key)") }
        }
      case ("additionalProperties", let other as Schema):
        for entry in additional(node, schema) { check(entry.value, other, at: "\(path).\(entry.key)") }
      case ("additionalProperties", false as Bool):
        for entry in additional(node, schema) { findings.append("\(path) has an unknown key \(entry.key)") }
      default: findings.append("\(path): the keyword \(keyword) is not checked here")
      }
    }
  }

  private mutating func require(_ holds: Bool, _ text: String, _ path: String) {
    if !holds { findings.append("\(path) \(text)") }
  }

  private func additional(_ node: SpecNode, _ schema: Schema) -> [SpecNode.Entry] {
    let known = schema["properties"] as? Schema ?? [:]
    return Self.entries(node).filter { known[$0.key] == nil }
  }

  private static func matches(_ node: SpecNode, _ type: String) -> Bool {
    switch (type, node.content) {
    case ("object", .mapping), ("array", .sequence), ("string", .scalar): true
    case ("null", _): node.isEmpty
    case ("integer", .scalar): number(node) != nil
    case ("boolean", .scalar(let scalar)): scalar.plain && ["true", "false"].contains(scalar.text)
    default: false
    }
  }

  private static func matches(_ node: SpecNode, pattern: String) -> Bool {
    guard let text = text(node), let expression = try? Regex(pattern) else { return false }
    return (try? expression.wholeMatch(in: text)) != nil
  }

  private static func text(_ node: SpecNode) -> String? {
    if case .scalar(let scalar) = node.content { scalar.text } else { nil }
  }

  private static func number(_ node: SpecNode) -> Int? { text(node).flatMap { Int($0) } }

  private static func items(_ node: SpecNode) -> [SpecNode] {
    if case .sequence(let items) = node.content { items } else { [] }
  }

  private static func entries(_ node: SpecNode) -> [SpecNode.Entry] {
    if case .mapping(let entries) = node.content { entries } else { [] }
  }
}
