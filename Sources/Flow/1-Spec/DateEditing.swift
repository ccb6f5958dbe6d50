// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Writes a date into `as_of:` of images, and leaves every other byte of the description as it is.
///
/// A date is replaced where it stands. An image that has none gets the key after its `release:`.
package enum DateEditing {
  package struct Refusal: Error, Hashable {
    package var what: String
    package var next: String
  }

  /// Bytes that take the place of others.
  private struct Edit: Hashable {
    var range: Range<Int>
    var replacement: [UInt8]
  }

  /// The description with the date for these images, for all that are described when none is named.
  package static func write(
    _ date: ArchiveDate, into images: [String], of bytes: [UInt8], file: String, keys: [WingKey],
    tables: [String: [UInt8]] = [:]
  ) throws(Refusal) -> [UInt8] {
    guard let before = SpecReader.read(bytes, file: file, keys: keys, tables: tables).cluster else {
      throw Refusal(what: "\(file) has errors", next: "Run `cluster validate`, and correct what it shows.")
    }
    if let unknown = images.first(where: { name in !before.images.contains { $0.name == name } }) {
      throw Refusal(
        what: "there is no image \(unknown) in \(file)",
        next: "Described are: \(before.images.map(\.name).joined(separator: ", ")).")
    }
    let chosen = Set(images.isEmpty ? before.images.map(\.name) : images)
    guard !chosen.isEmpty else { throw Refusal(what: "\(file) describes no image", next: "Describe one: `images:`.") }
    let byteOrderMark = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    let text = Array(bytes.dropFirst(byteOrderMark))
    var result = text
    for edit in try edits(date, chosen, text, file).sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
      result.replaceSubrange(edit.range, with: edit.replacement)
    }
    result = Array(bytes.prefix(byteOrderMark)) + result
    try check(result, before, date, chosen, file, keys, tables)
    return result
  }

  /// Refuses what an alias makes of it: one text may say the date of several images.
  private static func check(
    _ bytes: [UInt8], _ before: Cluster, _ date: ArchiveDate, _ chosen: Set<String>, _ file: String, _ keys: [WingKey],
    _ tables: [String: [UInt8]]
  ) throws(Refusal) {
    let after = SpecReader.read(bytes, file: file, keys: keys, tables: tables).cluster
    let expected = before.images.map { chosen.contains($0.name) ? date : $0.asOf }
    guard after?.images.map(\.name) == before.images.map(\.name), after?.images.map(\.asOf) == expected else {
      throw Refusal(
        what:
          "the date of \(chosen.sorted().joined(separator: ", ")) cannot be written without changing something else",
        next: "Write `as_of: \(date)` into \(file) yourself: images that share a date by an alias need one each.")
    }
  }

  private static func edits(
    _ date: ArchiveDate, _ chosen: Set<String>, _ text: [UInt8], _ file: String
  ) throws(Refusal) -> Set<Edit> {
    let source = SourceText(file: file, bytes: text)
    var problems = Problems(file: file)
    guard let root = TreeBuilder.build(text, source, &problems) else {
      throw Refusal(what: "\(file) cannot be read", next: "Run `cluster validate`, and correct what it shows.")
    }
    let images = root.entry("images")?.value.entries ?? []
    let common = root.entry("repositories")?.value.entry(RepositoriesSection.asOf.name)
    let undated = Set(images.filter { $0.value.entry(ImageSection.asOf.name) == nil }.map(\.key))
    // The common date is that of all images without their own, so it changes for all or for none of them.
    let movesCommon = common != nil && !undated.isEmpty && undated.isSubset(of: chosen)
    var edits: Set<Edit> = []
    if let common, movesCommon { edits.insert(try replacement(of: common.value, date, source, text)) }
    for image in images where chosen.contains(image.key) {
      if let own = image.value.entry(ImageSection.asOf.name) {
        edits.insert(try replacement(of: own.value, date, source, text))
      } else if !movesCommon {
        edits.insert(try insertion(into: image.value, date, source, text))
      }
    }
    return edits
  }

  /// The ten characters of the old date, without quotes and anchors.
  private static func replacement(
    of node: SpecNode, _ date: ArchiveDate, _ source: SourceText, _ text: [UInt8]
  ) throws(Refusal) -> Edit {
    guard case .scalar(let scalar) = node.content,
      let start = source.offset(line: node.span.line, column: node.span.column),
      let end = source.offset(line: node.span.endLine, column: node.span.endColumn), start < end,
      let found = last(Array(scalar.text.utf8), in: text[start..<end])
    else { throw unwritable(node.span, date) }
    return Edit(range: found, replacement: Array(date.description.utf8))
  }

  private static func last(_ part: [UInt8], in text: ArraySlice<UInt8>) -> Range<Int>? {
    guard !part.isEmpty, text.count >= part.count else { return nil }
    return (text.startIndex...(text.endIndex - part.count)).last { text[$0...].starts(with: part) }.map {
      $0..<$0 + part.count
    }
  }

  /// A line of its own below `release:`, or an entry after it where the image is written in braces.
  private static func insertion(
    into image: SpecNode, _ date: ArchiveDate, _ source: SourceText, _ text: [UInt8]
  ) throws(Refusal) -> Edit {
    guard let release = image.entry(ImageSection.release.name), let first = image.entries?.first,
      let start = source.offset(line: image.span.line, column: image.span.column),
      let firstKey = source.offset(line: first.keySpan.line, column: first.keySpan.column), start <= firstKey,
      let key = source.offset(line: release.keySpan.line, column: release.keySpan.column),
      let end = source.offset(line: release.span.endLine, column: release.span.endColumn)
    else { throw unwritable(image.span, date) }
    let entry = Array("\(ImageSection.asOf.name): \(date)".utf8)
    if text[start..<firstKey].contains(UInt8(ascii: "{")) {
      return Edit(range: end..<end, replacement: Array(", ".utf8) + entry)
    }
    let isBreak = { (byte: UInt8) in byte == 10 || byte == 13 }
    let indent = text[..<key].suffix(while: { !isBreak($0) })
    guard indent.allSatisfy({ $0 == UInt8(ascii: " ") }) else { throw unwritable(release.span, date) }
    let lineEnd = text[end...].firstIndex(where: isBreak) ?? text.endIndex
    let lineBreak = text[lineEnd...].prefix(2).starts(with: [13, 10]) ? [13, 10] : Array(text[lineEnd...].prefix(1))
    return Edit(range: lineEnd..<lineEnd, replacement: (lineBreak.isEmpty ? [10] : lineBreak) + indent + entry)
  }

  private static func unwritable(_ span: SourceSpan, _ date: ArchiveDate) -> Refusal {
    Refusal(what: "the date cannot be written at \(span)", next: "Write `as_of: \(date)` there yourself.")
  }
}

extension ArraySlice {
  fileprivate func suffix(while holds: (Element) -> Bool) -> ArraySlice {
    self[(lastIndex { !holds($0) }.map { $0 + 1 } ?? startIndex)...]
  }
}
