// SPDX-License-Identifier: Apache-2.0

/// Text from elsewhere, made safe to show: characters that move a cursor, erase, recolour or reorder what a person
/// reads stand there as escapes.
///
/// Nodes, BMCs, daemons and tools choose parts of what the program prints and records. ECMA-48 control functions could
/// rewrite a plan above the question whether to apply it; a line break could forge a line of the record.
extension String {
  /// One line: no control character at all is left.
  package var visibleLine: String { visible { _ in false } }

  /// Lines of a record or of a pipe: line breaks and tabs stay.
  package var visibleLines: String { visible { $0 == "\n" || $0 == "\t" } }

  private func visible(except isKept: (Unicode.Scalar) -> Bool) -> String {
    guard unicodeScalars.contains(where: { $0.isInvisible && !isKept($0) }) else { return self }
    var text = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if scalar.isInvisible && !isKept(scalar) { text += scalar.escape.unicodeScalars } else { text.append(scalar) }
    }
    return String(text)
  }

  /// Text for a terminal: lines, and the colours that this program itself puts there.
  package var visibleOnTerminal: String {
    guard unicodeScalars.contains(where: { $0.isInvisible && $0 != "\n" && $0 != "\t" }) else { return self }
    var (text, rest) = (String.UnicodeScalarView(), unicodeScalars[...])
    while let scalar = rest.first {
      if scalar == "\u{1b}", let tone = Self.tones.first(where: { rest.starts(with: $0) }) {
        text += tone
        rest = rest.dropFirst(tone.count)
        continue
      }
      if scalar.isInvisible && scalar != "\n" && scalar != "\t" {
        text += scalar.escape.unicodeScalars
      } else {
        text.append(scalar)
      }
      rest.removeFirst()
    }
    return String(text)
  }

  /// Plain, bold, red, green, yellow, cyan: SGR of ECMA-48.
  private static let tones = ["0", "1", "31", "32", "33", "36"].map { Array("\u{1b}[\($0)m".unicodeScalars) }
}

extension Unicode.Scalar {
  /// C0 and C1 controls, line and paragraph separators, and what changes the direction of text (UAX 9).
  fileprivate var isInvisible: Bool {
    switch value {
    case 0..<32, 127..<160, 0x61c, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
    default: false
    }
  }

  /// `\u001b`, which is also how JSON writes it (RFC 8259, section 7).
  fileprivate var escape: String {
    let digits = String(value, radix: 16)
    return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

extension Int {
  /// Milliseconds as seconds with one digit, cut and not rounded: `1.6 s`.
  package var asSeconds: String { "\(self / 1000).\(self / 100 % 10) s" }
}
