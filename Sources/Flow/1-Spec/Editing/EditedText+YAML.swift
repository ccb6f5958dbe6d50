// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import SpecForms

/// Edits of a YAML text by its tree. Each is nil where it cannot be made without touching something else.
extension EditedText {
  /// Another text in the place of a value, in its quotes and behind its anchor.
  func replacing(_ node: SpecNode, with text: String, inBraces: Bool) -> TextEdit? {
    guard case .scalar(let scalar) = node.content, let range = range(node.span), !scalar.text.isEmpty,
      let found = last(Array(scalar.text.utf8), in: bytes[range])
    else { return nil }
    let isQuoted = found != range && bytes[found.upperBound...].first.map { $0 == 34 || $0 == 39 } ?? false
    return TextEdit(found, isQuoted ? text : Self.scalar(text, inBraces: inBraces))
  }

  /// Another entry in the place of one, key and value.
  func replacing(_ entry: SpecNode.Entry, key: String, text: String, inBraces: Bool) -> [TextEdit]? {
    guard let name = range(entry.keySpan),
      let value = replacing(entry.value, with: text, inBraces: inBraces)
    else { return nil }
    return [TextEdit(name, key), value]
  }

  /// A new entry behind another one: a line of its own, or in the braces.
  func inserting(_ key: String, _ text: String, after entry: SpecNode.Entry, into mapping: SpecNode) -> TextEdit? {
    guard let inBraces = isInBraces(mapping), let start = range(entry.keySpan)?.lowerBound, let end = end(of: entry)
    else { return nil }
    let line = "\(key): \(Self.scalar(text, inBraces: inBraces))"
    if inBraces { return TextEdit(end..<end, ", " + line) }
    let before = bytes[lineStart(start)..<start]
    // The first entry of an item stands behind its dash.
    guard before.allSatisfy({ $0 == 32 || $0 == UInt8(ascii: "-") }) else { return nil }
    let place = lineEnd(end)
    let indent = [UInt8](repeating: 32, count: before.count)
    return TextEdit(place..<place, lineBreak(for: end) + indent + Array(line.utf8))
  }

  /// Entries taken out of a mapping that keeps others. Comments stay.
  func removing(_ keys: Set<String>, from mapping: SpecNode) -> [TextEdit]? {
    guard let entries = mapping.entries, let inBraces = isInBraces(mapping),
      let kept = entries.firstIndex(where: { !keys.contains($0.key) })
    else { return nil }
    var edits: [TextEdit] = []
    for (index, entry) in entries.enumerated() where keys.contains(entry.key) {
      guard let start = range(entry.keySpan)?.lowerBound, let end = end(of: entry) else { return nil }
      let cut: Range<Int>
      if inBraces, index > kept {
        guard let before = self.end(of: entries[index - 1]) else { return nil }
        cut = before..<end
      } else if inBraces || !bytes[lineStart(start)..<start].allSatisfy({ $0 == 32 }) {
        guard let next = range(entries[index + 1].keySpan)?.lowerBound, inBraces || index + 1 == kept else {
          return nil
        }
        cut = start..<next
      } else {
        cut = lines(start, end)
      }
      // Whatever is cut beside the entry is blanks and a comma.
      let beside =
        bytes[cut.lowerBound..<max(cut.lowerBound, min(start, cut.upperBound))]
        + bytes[min(end, cut.upperBound)..<cut.upperBound]
      guard beside.allSatisfy({ Self.isBlank($0) || Self.isBreak($0) || $0 == UInt8(ascii: ",") }) else { return nil }
      edits.append(TextEdit(cut, []))
    }
    return edits
  }

  /// The lines of an entry, or as much of them as leaves a comment behind it.
  private func lines(_ start: Int, _ end: Int) -> Range<Int> {
    let rest = bytes[end..<lineEnd(end)].drop(while: Self.isBlank)
    if !rest.isEmpty { return start..<rest.startIndex }
    return lineStart(start)..<lineEnd(end) + lineBreak(at: lineEnd(end)).count
  }

  private func end(of entry: SpecNode.Entry) -> Int? {
    offset(line: entry.span.endLine, column: entry.span.endColumn)
  }

  /// Whether a mapping is written in braces. Nil: it is not in this text.
  func isInBraces(_ mapping: SpecNode) -> Bool? {
    guard let first = mapping.entries?.first, let key = range(first.keySpan)?.lowerBound,
      let start = offset(line: mapping.span.line, column: mapping.span.column), start <= key
    else { return nil }
    return bytes[start..<key].contains(UInt8(ascii: "{"))
  }

  /// Plain, unless braces and commas would end it.
  private static func scalar(_ text: String, inBraces: Bool) -> String {
    inBraces && text.utf8.contains(where: { "[]{},".utf8.contains($0) }) ? "\"\(text)\"" : text
  }

  private func last(_ part: [UInt8], in text: ArraySlice<UInt8>) -> Range<Int>? {
    guard text.count >= part.count else { return nil }
    return (text.startIndex...(text.endIndex - part.count)).last { text[$0...].starts(with: part) }.map {
      $0..<$0 + part.count
    }
  }
}
