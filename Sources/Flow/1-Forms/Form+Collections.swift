// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

extension Form {
  /// A list of values of one form.
  package static func list<Item>(of item: Form<Item>, _ noun: String, minimum: Int = 0, unique: Bool = false) -> Form
  where Value == [Located<Item>] {
    var schema = SchemaValue.members(["type": .text("array"), "items": item.schema])
    if minimum > 0 { schema = schema.with(["minItems": .number(minimum)]) }
    if unique { schema = schema.with(["uniqueItems": .flag(true)]) }
    return Form(noun: noun, schema: schema) { node, problems in
      guard case .sequence(let nodes) = node.content else {
        notAList(node, noun, &problems)
        return nil
      }
      if nodes.count < minimum {
        problems.error(
          .emptyValue, "This list is empty.", help: "Write \(noun).", at: node.firstLine)
      }
      var seen: [String: SourceSpan] = [:]
      SplitText.check(nodes, &problems)
      return nodes.compactMap { node in
        if unique, case .scalar(let scalar) = node.content {
          if let first = seen[scalar.text] {
            problems.error(
              .repeatedItem, "`\(shown(scalar.text))` is in the list twice.", help: "Remove one of them.",
              at: node.span,
              notes: [.init(text: "the first one is here", span: first)])
          } else {
            seen[scalar.text] = node.span
          }
        }
        if node.isEmpty {
          problems.error(
            .emptyValue, "An item of this list is empty.", help: "Write \(item.noun), or remove the dash.",
            at: node.heading)
          return nil
        }
        return item.read(node, &problems).map { Located($0, node.span) }
      }
    }
  }

  private static func notAList(_ node: SpecNode, _ noun: String, _ problems: inout Problems) {
    if case .unreadable = node.content { return }
    var fixIts: [Diagnostic.FixIt] = []
    // `a=1,2` may be one item or two.
    if case .scalar(let scalar) = node.content, scalar.plain, !(scalar.text.contains("=") && scalar.text.contains(","))
    {
      fixIts = [.init(label: "write `[\(shown(scalar.text))]`", span: node.span, replacement: "[\(scalar.text)]")]
    }
    problems.error(
      .wrongType, "Expected \(noun), found \(node.kind).", help: "Write [first, second].",
      at: node.firstLine,
      fixIts: fixIts)
  }

  /// A mapping whose keys are names that the user chooses.
  package static func table<Item>(_ noun: String, named name: Form<String>, of item: Form<Item>, minimum: Int = 0)
    -> Form
  where Value == [Named<Item>] {
    let keys = name.schema
    var schema = SchemaValue.members([
      "type": .text("object"), "propertyNames": keys, "additionalProperties": item.schema,
    ])
    if minimum > 0 { schema = schema.with(["minProperties": .number(minimum)]) }
    return Form(noun: noun, schema: schema) { node, problems in
      guard let entries = node.entries(for: noun, &problems) else { return nil }
      if entries.count < minimum {
        problems.error(.emptyValue, "This mapping is empty.", help: "Write \(noun).", at: node.firstLine)
      }
      return entries.map { entry in
        _ = name.read(entry.keyNode, &problems)
        var value: Item?
        if entry.value.isEmpty {
          problems.error(
            .emptyValue, "`\(shown(entry.key))` has no value.", help: "Write \(item.noun).", at: entry.keySpan)
        } else {
          value = item.read(entry.value, &problems)
        }
        return Named(
          name: Located(entry.key, entry.keySpan), value: value, valueSpan: entry.value.span, span: entry.span)
      }
    }
  }
}

/// An entry of a table. The name counts as known even when its value could not be read, so that one problem does not
/// lead to more.
package struct Named<Value: Sendable>: Sendable {
  package let name: Located<String>
  package let value: Value?
  package let valueSpan: SourceSpan
  /// From the name to the end of the value.
  package let span: SourceSpan

  package init(name: Located<String>, value: Value?, valueSpan: SourceSpan, span: SourceSpan) {
    self.name = name
    self.value = value
    self.valueSpan = valueSpan
    self.span = span
  }
}

extension SpecNode {
  /// - Parameter keys: those that are possible here, if they are known.
  package func entries(for noun: String, keys: [String] = [], _ problems: inout Problems) -> [Entry]? {
    switch content {
    case .mapping(let entries): return entries
    case .unreadable: return nil
    case .scalar, .sequence:
      let possible = keys.isEmpty ? "" : " The keys of \(noun) are: \(keys.joined(separator: ", "))."
      problems.error(
        .wrongType, "Expected \(noun), found \(kind).",
        help: "Write `key: value` lines, indented, or { \(keys.first ?? "key"): … }." + possible, at: firstLine)
      return nil
    }
  }
}

/// A value for each machine of a group: `10.1.1.1+` counts up with the names.
package struct Counted<Value: Sendable>: Sendable {
  package let first: Value
  package let counts: Bool

  package init(first: Value, counts: Bool) {
    self.first = first
    self.counts = counts
  }
}

extension Counted<IPv4Address> {
  /// The value of the machine with this index in its group. Nil past the end of the address space.
  package func value(_ index: Int) -> IPv4Address? { counts ? first.advanced(by: UInt32(index)) : first }
}

extension Counted<MACAddress> {
  package func value(_ index: Int) -> MACAddress? {
    guard counts else { return first }
    let bits = first.bits + UInt64(index)
    return bits < 1 << 48 ? MACAddress(bits: bits) : nil
  }
}

extension Counted: Equatable where Value: Equatable {}
extension Counted: Hashable where Value: Hashable {}

extension Counted<String> {
  /// The text for the machine with this index in its group: its last digits count up, as wide as they are.
  package func value(_ index: Int) -> String {
    let digits = first.utf8.reversed().prefix { (48...57).contains($0) }.count
    guard counts, let number = Int(first.suffix(digits)) else { return first }
    let next = "\(number + index)"
    return first.dropLast(digits) + String(repeating: "0", count: max(0, digits - next.utf8.count)) + next
  }
}

extension Form where Value == Counted<String> {
  /// A word of letters, digits, `.`, `_` and `-`, whose last digits count up with the names where `+` follows.
  package static func countedWord(_ noun: String, example: String) -> Form {
    text(noun, code: .badName, pattern: "^[A-Za-z0-9._-]{1,64}\\+?$", examples: [example]) { text in
      let counts = text.hasSuffix("+")
      let word = counts ? text.dropLast() : text[...]
      let digits = word.utf8.reversed().prefix { (48...57).contains($0) }.count
      let isWord = word.utf8.allSatisfy { isAlphanumeric($0) || [45, 46, 95].contains($0) }
      guard isWord, (1...64).contains(word.utf8.count), !counts || (1...9).contains(digits) else {
        return .wrong(
          "`\(shown(text))` is not \(noun).",
          help: "Letters, digits, `.`, `_` and `-`, as in `\(example)`. `+` after digits counts up with the names.")
      }
      return .value(Counted(first: String(word), counts: counts))
    }
  }
}
