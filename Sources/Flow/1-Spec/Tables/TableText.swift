// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import SpecForms

/// A table as spreadsheets and inventories write it: RFC 4180, with commas, semicolons or tabulators between cells.
/// Lines that are empty or begin with `#` are left out, and so is `sep=;`, by which spreadsheets say what is between
/// cells.
struct TableText: Sendable {
  struct Cell: Sendable {
    var text: String
    var span: SourceSpan
    /// Its bytes in the file, with quotes and without the blanks around them.
    var range: Range<Int>
  }

  private(set) var header: [Cell] = []
  private(set) var rows: [[Cell]] = []
  /// The bytes of each row's line, without its end; the header's come first.
  private(set) var lines: [Range<Int>] = []
  private(set) var separator: UInt8 = UInt8(ascii: ",")

  /// - Parameter bytes: valid UTF-8, with or without a byte order mark.
  init(_ bytes: [UInt8], file: String, _ problems: inout Problems) {
    let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
    var number = 0
    // `\r\n` is one end of a line: what is left of it is cut off with the other blanks. Old spreadsheets end lines by
    // `\r` alone.
    let end = text.contains(UInt8(ascii: "\n")) ? UInt8(ascii: "\n") : UInt8(ascii: "\r")
    for line in text.split(separator: end, omittingEmptySubsequences: false) {
      number += 1
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      let isBlank = line.allSatisfy { $0 == 32 || $0 == 9 || $0 == 44 || $0 == 59 }
      if isBlank || line.first(where: { $0 != 32 }) == UInt8(ascii: "#") { continue }
      if lines.isEmpty, line.count == 5, line.starts(with: "sep=".utf8) { continue }
      if lines.isEmpty { separator = Self.separator(of: line) }
      guard let cells = Self.cells(line, separator, file, number, &problems) else { continue }
      lines.append(line.startIndex..<line.endIndex)
      if header.isEmpty { header = cells } else { rows.append(cells) }
    }
  }

  /// The one that the header has most of.
  private static func separator(of line: ArraySlice<UInt8>) -> UInt8 {
    let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
    let counts = candidates.map { candidate in line.count { $0 == candidate } }
    return zip(candidates, counts).max { $0.1 < $1.1 }.map { $0.1 > 0 ? $0.0 : candidates[0] } ?? candidates[0]
  }

  private static func cells(
    _ line: ArraySlice<UInt8>, _ separator: UInt8, _ file: String, _ number: Int, _ problems: inout Problems
  ) -> [Cell]? {
    let quote = UInt8(ascii: "\"")
    var (cells, column, index): ([Cell], Int, Int) = ([], 1, line.startIndex)
    while true {
      while index < line.endIndex, line[index] == 32 || (line[index] == 9 && separator != 9) {
        (index, column) = (index + 1, column + 1)
      }
      let (start, begin) = (column, index)
      var text: [UInt8] = []
      if index < line.endIndex, line[index] == quote {
        (index, column) = (index + 1, column + 1)
        while true {
          guard index < line.endIndex else {
            problems.error(
              .badTable, "The quotes of this cell are never closed.", help: "Close them on the same line.",
              at: .point(file, number, start))
            return nil
          }
          let byte = line[index]
          (index, column) = (index + 1, column + (byte & 0xc0 == 0x80 ? 0 : 1))
          if byte != quote {
            text.append(byte)
          } else {
            guard index < line.endIndex, line[index] == quote else { break }
            text.append(quote)
            (index, column) = (index + 1, column + 1)
          }
        }
      }
      while index < line.endIndex, line[index] != separator {
        text.append(line[index])
        (index, column) = (index + 1, column + (line[index] & 0xc0 == 0x80 ? 0 : 1))
      }
      while let last = text.last, last == 32 || last == 9 { text.removeLast() }
      var end = index
      while end > begin, line[end - 1] == 32 || line[end - 1] == 9 { end -= 1 }
      let value = String(decoding: text, as: UTF8.self)
      let width = max(1, value.unicodeScalars.count)
      cells.append(Cell(text: value, span: .point(file, number, start, width: width), range: begin..<end))
      guard index < line.endIndex else { return cells }
      (index, column) = (index + 1, column + 1)
    }
  }
}
