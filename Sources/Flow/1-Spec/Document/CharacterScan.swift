// SPDX-License-Identifier: Apache-2.0
import SpecForms
import Diagnostics

/// Looks at every character before libyaml does, because libyaml reports bad ones without a place.
struct CharacterScan {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let file: String
  private var index = 0
  private var line = 1
  private var column = 1
  private var found = 0

  /// True when the text may be parsed.
  static func check(_ bytes: [UInt8], _ problems: inout Problems) -> Bool {
    bytes.withUnsafeBufferPointer { buffer in
      var scan = CharacterScan(bytes: buffer, file: problems.file)
      scan.run(&problems)
      return scan.found == 0
    }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>, file: String) {
    self.bytes = bytes
    self.file = file
  }

  private mutating func run(_ problems: inout Problems) {
    while index < bytes.count, found < SpecLimits.badCharacters {
      let byte = bytes[index]
      if byte >= 0x20, byte < 0x7f {
        if byte == 0x25, column == 1 { directive(&problems) }
        index += 1
        column += 1
      } else if byte == 10 || byte == 13 {
        index += byte == 13 && index + 1 < bytes.count && bytes[index + 1] == 10 ? 2 : 1
        line += 1
        column = 1
      } else if byte == 9 {
        index += 1
        column += 1
      } else if byte < 0x80 {
        control(UInt32(byte), &problems)
        index += 1
        column += 1
      } else {
        wide(&problems)
      }
    }
  }

  /// A multi-byte character (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
  private mutating func wide(_ problems: inout Problems) {
    var iterator = Self.bytes(bytes, from: index)
    var decoder = UTF8()
    switch decoder.decode(&iterator) {
    case .scalarValue(let scalar):
      if Self.isForbidden(scalar.value) { control(scalar.value, &problems) }
      index += UTF8.width(scalar)
    case .error, .emptyInput:
      found += 1
      let value = hexadecimal(UInt32(bytes[index]), digits: 2)
      problems.error(
        .encoding, "Byte 0x\(value) is not UTF-8 here.", help: "Save the file as UTF-8.",
        at: .point(file, line, column))
      index += 1
      while index < bytes.count, bytes[index] & 0xc0 == 0x80 { index += 1 }
    }
    column += 1
  }

  private static func bytes(_ bytes: UnsafeBufferPointer<UInt8>, from index: Int)
    -> IndexingIterator<Slice<UnsafeBufferPointer<UInt8>>>
  {
    bytes[index..<min(index + 4, bytes.count)].makeIterator()
  }

  /// Control characters, line separators that editors do not count as lines, and characters that turn the direction
  /// of writing (they make a line look like another one).
  private static func isForbidden(_ value: UInt32) -> Bool {
    switch value {
    case 0x80...0x9f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff, 0xfffe, 0xffff: true
    default: false
    }
  }

  private mutating func control(_ value: UInt32, _ problems: inout Problems) {
    found += 1
    let name = value == 0 ? "A NUL character" : "The invisible character U+\(hexadecimal(value, digits: 4))"
    problems.error(
      .controlCharacter, "\(name) is in the text.",
      help: "Delete it. Such characters hide what the file says, and no value needs them.",
      at: .point(file, line, column))
  }

  /// Tags are refused anyway, and libyaml takes quadratic time for many `%TAG` lines.
  private mutating func directive(_ problems: inout Problems) {
    guard bytes.count - index >= 4, bytes[index + 1] == 0x54, bytes[index + 2] == 0x41, bytes[index + 3] == 0x47 else {
      return
    }
    found += 1
    problems.error(
      .tag, "YAML tags cannot be declared here.", help: "Remove the line. The type of a value follows from its key.",
      at: .point(file, line, 1, width: 4))
  }
}
