// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A tree as JSON (RFC 8259), laid out as Foundation's encoder does it when it is to be read by people: members in the
/// order of their names, one to a line.
///
/// Written here because a plan is made into JSON with every run, and encoding it as values of unknown types takes ten
/// times as long.
struct JSONText {
  private var bytes: [UInt8] = []
  private var depth = 0

  /// Ends with a newline.
  static func text(_ value: DocumentValue) -> String {
    var text = JSONText()
    text.add(value)
    text.bytes.append(UInt8(ascii: "\n"))
    return String(decoding: text.bytes, as: UTF8.self)
  }

  private mutating func add(_ value: DocumentValue) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let bool): bytes += (bool ? "true" : "false").utf8
    case .integer(let integer): bytes += "\(integer)".utf8
    case .number(let number): bytes += DocumentValue.digits(number).utf8
    case .text(let text): add(text)
    case .list(let list):
      open("[", isEmpty: list.isEmpty)
      for (index, value) in list.enumerated() {
        if index > 0 { next() }
        add(value)
      }
      close("]")
    case .members(let members):
      open("{", isEmpty: members.all.isEmpty)
      for (index, member) in members.all.enumerated() {
        if index > 0 { next() }
        add(member.name)
        bytes += " : ".utf8
        add(member.value)
      }
      close("}")
    }
  }

  private mutating func open(_ bracket: Unicode.Scalar, isEmpty: Bool) {
    bytes.append(UInt8(ascii: bracket))
    depth += 1
    if isEmpty { bytes.append(UInt8(ascii: "\n")) } else { breakLine() }
  }

  private mutating func next() {
    bytes.append(UInt8(ascii: ","))
    breakLine()
  }

  private mutating func close(_ bracket: Unicode.Scalar) {
    depth -= 1
    breakLine()
    bytes.append(UInt8(ascii: bracket))
  }

  private mutating func breakLine() {
    bytes.append(UInt8(ascii: "\n"))
    bytes += repeatElement(UInt8(ascii: " "), count: 2 * depth)
  }

  private mutating func add(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { text in
      // Most texts have nothing to escape, and are taken as they are.
      var start = 0
      for (index, byte) in text.enumerated()
      where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        bytes += text[start..<index]
        escape(byte)
        start = index + 1
      }
      bytes += text[start...]
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): bytes += "\\\"".utf8
    case UInt8(ascii: "\\"): bytes += "\\\\".utf8
    case 0x08: bytes += "\\b".utf8
    case 0x0c: bytes += "\\f".utf8
    case UInt8(ascii: "\n"): bytes += "\\n".utf8
    case UInt8(ascii: "\r"): bytes += "\\r".utf8
    case UInt8(ascii: "\t"): bytes += "\\t".utf8
    default: bytes += "\\u00\(byte.hexadecimal)".utf8
    }
  }
}
