// SPDX-License-Identifier: Apache-2.0

/// A piece of JSON with its keys in order, for the schema.
package indirect enum SchemaValue: Hashable, Sendable {
  case text(String)
  case number(Int)
  case flag(Bool)
  case list([SchemaValue])
  case object([Member])

  package struct Member: Hashable, Sendable {
    package let key: String
    package let value: SchemaValue
  }

  package static func members(_ pairs: KeyValuePairs<String, SchemaValue>) -> SchemaValue {
    .object(pairs.map { Member(key: $0.key, value: $0.value) })
  }

  /// The same object with more members, after the ones it has.
  package func with(_ pairs: KeyValuePairs<String, SchemaValue>) -> SchemaValue {
    guard case .object(let members) = self else { return self }
    return .object(members + pairs.map { Member(key: $0.key, value: $0.value) })
  }

  /// RFC 8259, two spaces a level, short lists of plain values on one line.
  package func json(indent: String = "") -> String {
    let inner = indent + "  "
    switch self {
    case .text(let text): return Self.quoted(text)
    case .number(let number): return String(number)
    case .flag(let flag): return flag ? "true" : "false"
    case .list(let items):
      let parts = items.map { $0.json(indent: inner) }
      let line = "[" + parts.joined(separator: ", ") + "]"
      if line.utf8.count <= 100, !line.contains("\n") { return line }
      return "[\n" + parts.map { inner + $0 }.joined(separator: ",\n") + "\n\(indent)]"
    case .object(let members):
      if members.isEmpty { return "{}" }
      let parts = members.map { "\(inner)\(Self.quoted($0.key)): \($0.value.json(indent: inner))" }
      return "{\n" + parts.joined(separator: ",\n") + "\n\(indent)}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20: result += "\\u00" + hexadecimal(scalar.value, digits: 2)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// A number in upper-case hexadecimal digits, padded with zeros.
package func hexadecimal(_ value: UInt32, digits: Int) -> String {
  let text = String(value, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}
