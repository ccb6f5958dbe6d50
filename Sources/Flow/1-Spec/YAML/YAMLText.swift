// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Checks of the bytes before libyaml sees them: it would stop at the first, without a useful place.
struct YAMLText {
  let bytes: [UInt8]
  let file: String

  /// Larger files are refused unread. A description of 10,000 nodes takes a few kilobytes.
  static let byteLimit = 8 << 20
  /// More of one sort of problem says nothing new.
  private static let mostOfOneSort = 10

  func problems() -> [Diagnostic] {
    guard bytes.count <= Self.byteLimit else {
      return [
        Diagnostic(
          .tooLarge, "The file is larger than \(Self.byteLimit >> 20) MiB.",
          help: "A description is small: name machines as hostlists (node[001-512]). Is this the right file?",
          at: span(1, 1))
      ]
    }
    if let problem = encodingProblem() { return [problem] }
    return characterProblems()
  }

  private func encodingProblem() -> Diagnostic? {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var (line, column) = (1, 1)
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
      case .emptyInput: return nil
      case .error:
        return Diagnostic(
          .encoding, "These bytes are not UTF-8 text.",
          help: "Save the file as UTF-8, for example: iconv -f latin1 -t utf-8 \(file)", at: span(line, column))
      }
    }
  }

  private func characterProblems() -> [Diagnostic] {
    var (tabs, controls): ([Diagnostic], [Diagnostic]) = ([], [])
    var (line, column, indenting) = (1, 1, true)
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      if scalar == "\n" {
        (line, column, indenting) = (line + 1, 1, true)
        continue
      }
      if scalar == "\t", indenting, tabs.count < Self.mostOfOneSort {
        indenting = false
        tabs.append(
          Diagnostic(
            .tab, "This line is indented with a tab.", help: "YAML is indented with spaces: use two for each level.",
            at: span(line, column)))
      } else if isForbidden(scalar), controls.count < Self.mostOfOneSort {
        let name = "U+" + String(scalar.value, radix: 16, uppercase: true)
        controls.append(
          Diagnostic(
            .controlCharacter, "There is an invisible character (\(name)) here.", help: "Delete it, and save the file again.",
            at: span(line, column)))
      }
      if scalar != " " { indenting = false }
      column += 1
    }
    return controls + tabs
  }

  /// What YAML 1.2 calls non-printable (section 5.1), and a byte order mark in the middle.
  private func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0a, 0x0d, 0x85: false
    case 0..<0x20, 0x7f..<0xa0, 0xfffe, 0xffff: true
    default: false
    }
  }

  private func span(_ line: Int, _ column: Int) -> SourceSpan {
    SourceSpan(file: file, line: line, column: column, endLine: line, endColumn: column + 1)
  }
}
