// SPDX-License-Identifier: Apache-2.0

/// One JSON object (RFC 8259) of strings and numbers, as nginx's `escape=json` writes them.
///
/// A log grows by a hundred lines a second with a thousand nodes, and a general decoder takes twenty times as long.
enum FlatJSON {
  /// Values by name; numbers as they are written. Nil when the line is not such an object, such as half a line.
  static func fields(_ line: Substring) -> [String: String]? {
    var bytes = Array(line.utf8)[...]
    var fields: [String: String] = [:]
    guard take(&bytes, "{") else { return nil }
    if take(&bytes, "}") { return fields }
    while true {
      guard let name = string(&bytes), take(&bytes, ":") else { return nil }
      guard let value = bytes.first == UInt8(ascii: "\"") ? string(&bytes) : number(&bytes) else { return nil }
      fields[name] = value
      if take(&bytes, ",") { continue }
      return take(&bytes, "}") ? fields : nil
    }
  }

  private static func take(_ bytes: inout ArraySlice<UInt8>, _ character: Unicode.Scalar) -> Bool {
    while bytes.first == UInt8(ascii: " ") { bytes.removeFirst() }
    guard bytes.first == UInt8(ascii: character) else { return false }
    bytes.removeFirst()
    while bytes.first == UInt8(ascii: " ") { bytes.removeFirst() }
    return true
  }

  private static func number(_ bytes: inout ArraySlice<UInt8>) -> String? {
    let digits = bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "+-.eE".utf8.contains($0) }
    bytes = bytes.dropFirst(digits.count)
    return digits.isEmpty ? nil : String(decoding: digits, as: UTF8.self)
  }

  private static func string(_ bytes: inout ArraySlice<UInt8>) -> String? {
    guard bytes.popFirst() == UInt8(ascii: "\"") else { return nil }
    var text: [UInt8] = []
    while let byte = bytes.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let escaped = bytes.popFirst() else { return nil }
        switch escaped {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "u"):
          let digits = String(decoding: bytes.prefix(4), as: UTF8.self)
          guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else { return nil }
          bytes = bytes.dropFirst(4)
          text += Array(String(Character(scalar)).utf8)
        default: text.append(escaped)
        }
      default: text.append(byte)
      }
    }
    return nil
  }
}
