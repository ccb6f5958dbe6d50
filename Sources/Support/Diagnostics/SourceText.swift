// SPDX-License-Identifier: Apache-2.0

/// One of the user's files, by lines, so that diagnostics can show what they are about.
///
/// Lines end at LF, CR LF or CR. Bytes that are not UTF-8 appear as U+FFFD.
package struct SourceText: Sendable {
  package let file: String
  private let bytes: [UInt8]
  /// Where each line begins.
  private let starts: [Int]

  /// Keeps at most `limit` bytes: what lies beyond is never shown.
  package init(file: String, bytes: [UInt8], limit: Int = 8 << 20) {
    self.file = file
    self.bytes = bytes.count > limit ? Array(bytes.prefix(limit)) : bytes
    var starts = [0]
    self.bytes.withUnsafeBufferPointer { bytes in
      for (index, byte) in bytes.enumerated() {
        let isBreak = byte == 10 || byte == 13 && !(index + 1 < bytes.count && bytes[index + 1] == 10)
        if isBreak { starts.append(index + 1) }
      }
    }
    self.starts = starts
  }

  package var lineCount: Int { starts.count }

  /// A line by its 1-based number, without its end. Nil past the end of the text.
  package func line(_ number: Int) -> String? {
    guard (1...starts.count).contains(number) else { return nil }
    let end = number < starts.count ? starts[number] : bytes.count
    var slice = bytes[starts[number - 1]..<end]
    while let last = slice.last, last == 10 || last == 13 { slice.removeLast() }
    return String(decoding: slice, as: UTF8.self)
  }
}

extension SourceText {
  /// Where a place is in the bytes: columns are Unicode scalars. Nil past the end of its line.
  package func offset(line: Int, column: Int) -> Int? {
    guard (1...starts.count).contains(line), column >= 1 else { return nil }
    var (offset, left) = (starts[line - 1], column - 1)
    let end = line < starts.count ? starts[line] : bytes.count
    while left > 0 {
      guard offset < end else { return nil }
      offset += 1
      // The bytes that go on with a character begin with the bits 10: RFC 3629.
      while offset < end, bytes[offset] & 0xc0 == 0x80 { offset += 1 }
      left -= 1
    }
    return offset
  }

  /// The line of a place, with its number, and what is meant in it underlined. Empty when there is no such line.
  package func excerpt(_ span: SourceSpan) -> [String] {
    guard let line = line(span.line) else { return [] }
    let excerpt = LineExcerpt(Array(line.unicodeScalars), span)
    let number = "\(span.line)"
    let blank = String(repeating: " ", count: number.count)
    return [
      "\(number) | \(excerpt.line)", "\(blank) | \(excerpt.indent)\(String(repeating: "^", count: excerpt.width))",
    ]
  }
}

/// A place in one of the user's files: 1-based lines and columns, columns in Unicode scalars.
///
/// `endLine` and `endColumn` name the position just after the last character.
package struct SourceSpan: Hashable, Codable, Sendable {
  package var file: String
  package var line: Int
  package var column: Int
  package var endLine: Int
  package var endColumn: Int

  package init(file: String, line: Int, column: Int, endLine: Int, endColumn: Int) {
    self.file = file
    self.line = line
    self.column = column
    self.endLine = endLine
    self.endColumn = endColumn
  }
}

extension SourceSpan: CustomStringConvertible {
  package var description: String { "\(file):\(line):\(column)" }
}
