// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import SpecForms

/// Bytes that take the place of others.
struct TextEdit: Hashable {
  var range: Range<Int>
  var replacement: [UInt8]

  init(_ range: Range<Int>, _ replacement: [UInt8]) {
    self.range = range
    self.replacement = replacement
  }

  init(_ range: Range<Int>, _ text: String) { self.init(range, Array(text.utf8)) }
}

/// Why a description is not edited, and what to write instead.
package struct EditRefusal: Error, Hashable, Sendable {
  package var what: String
  package var next: String
  /// The faults of the edited description.
  package var problems: [Diagnostic]
  /// The edited description that these are about.
  package var text: DescriptionText?

  package init(what: String, next: String, problems: [Diagnostic] = [], text: DescriptionText? = nil) {
    self.what = what
    self.next = next
    self.problems = problems
    self.text = text
  }
}

/// One of the site's files that is edited in places: every other byte stays as it is.
struct EditedText {
  let bytes: [UInt8]
  private let mark: Int
  private let source: SourceText

  init(_ bytes: [UInt8], file: String) {
    self.bytes = bytes
    mark = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    source = SourceText(file: file, bytes: mark == 0 ? bytes : Array(bytes.dropFirst(mark)))
  }

  func offset(line: Int, column: Int) -> Int? { source.offset(line: line, column: column).map { $0 + mark } }

  /// Where a place is in the bytes. Nil: it is not in this text.
  func range(_ span: SourceSpan) -> Range<Int>? {
    guard span.file == source.file, let start = offset(line: span.line, column: span.column),
      let end = offset(line: span.endLine, column: span.endColumn), start <= end
    else { return nil }
    return start..<end
  }

  /// The text with the edits made. Nil: two of them contradict each other.
  func applying(_ edits: some Sequence<TextEdit>) -> [UInt8]? {
    var result = bytes
    var end = bytes.count
    let sorted = Set(edits).sorted {
      ($0.range.lowerBound, $0.range.upperBound) > ($1.range.lowerBound, $1.range.upperBound)
    }
    for edit in sorted {
      guard edit.range.upperBound <= end else { return nil }
      result.replaceSubrange(edit.range, with: edit.replacement)
      end = edit.range.lowerBound
    }
    return result
  }

  static func isBreak(_ byte: UInt8) -> Bool { byte == 10 || byte == 13 }
  static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

  func lineStart(_ offset: Int) -> Int {
    bytes[..<offset].lastIndex(where: Self.isBreak).map { $0 + 1 } ?? mark
  }

  /// Where the line ends, before its break.
  func lineEnd(_ offset: Int) -> Int { bytes[offset...].firstIndex(where: Self.isBreak) ?? bytes.count }

  /// Bytes of the break that begins here. Empty at the end of the text.
  func lineBreak(at offset: Int) -> [UInt8] {
    bytes[offset...].prefix(2).starts(with: [13, 10])
      ? [13, 10] : Array(bytes[offset...].prefix(1).filter(Self.isBreak))
  }

  /// The break that new lines get: that of the line before, or of the file's first line.
  func lineBreak(for offset: Int) -> [UInt8] {
    let own = lineBreak(at: lineEnd(offset))
    if !own.isEmpty { return own }
    let first = lineBreak(at: lineEnd(mark))
    return first.isEmpty ? [10] : first
  }
}
