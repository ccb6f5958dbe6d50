// SPDX-License-Identifier: Apache-2.0

/// A tree as YAML 1.2 in block style. Members are in the order of their names.
enum YAMLText {
  /// Ends with a newline.
  static func text(_ value: DocumentValue) -> String {
    var lines: [String] = []
    add(value, indent: 0, lead: "", to: &lines)
    return lines.joined(separator: "\n") + "\n"
  }

  /// `lead` is what stands before the value on its first line: `- ` or `key:`.
  private static func add(_ value: DocumentValue, indent: Int, lead: String, to lines: inout [String]) {
    let space = String(repeating: " ", count: indent)
    switch value {
    case .members(let members) where !members.all.isEmpty:
      var first = lead
      if lead.hasSuffix(":") {
        lines.append(space + lead)
        first = ""
      }
      let inner = indent + (lead.isEmpty ? 0 : 2)
      for member in members.all {
        // The first member of a list's entry stands behind its dash.
        let start = lines.count
        add(member.value, indent: inner, lead: scalar(member.name) + ":", to: &lines)
        if !first.isEmpty { lines[start] = space + first + lines[start].dropFirst(inner) }
        first = ""
      }
    case .list(let list) where !list.isEmpty:
      if lead.hasSuffix(":") {
        lines.append(space + lead)
        for entry in list { add(entry, indent: indent + 2, lead: "- ", to: &lines) }
      } else {
        let start = lines.count
        let inner = indent + lead.utf8.count
        for entry in list { add(entry, indent: inner, lead: "- ", to: &lines) }
        if !lead.isEmpty { lines[start] = space + lead + lines[start].dropFirst(inner) }
      }
    default:
      let separator = lead.hasSuffix(":") ? " " : ""
      lines.append(space + lead + separator + inline(value))
    }
  }

  private static func inline(_ value: DocumentValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let bool): bool ? "true" : "false"
    case .integer(let integer): "\(integer)"
    case .number(let number): DocumentValue.digits(number)
    case .text(let text): scalar(text)
    case .list: "[]"
    case .members: "{}"
    }
  }

  /// Plain only when nobody could take it for anything but this text; else in double quotes.
  static func scalar(_ text: String) -> String {
    isPlain(text) ? text : quoted(text)
  }

  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.utf8.first, isLetter(first) || first == UInt8(ascii: "/") else { return false }
    let words: Set = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
    if words.contains(text.lowercased()) { return false }
    return text.utf8.allSatisfy { byte in
      isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "/._-@".utf8.contains(byte)
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  /// YAML 1.2, 5.7: escapes of double-quoted text.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default:
        // Controls, and what some readers take for the end of a line or the beginning of a file.
        let isHidden = scalar.value < 0x20 || (0x7f...0xa0).contains(scalar.value)
        if isHidden || [0x2028, 0x2029, 0xfeff].contains(scalar.value) {
          let hex = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
