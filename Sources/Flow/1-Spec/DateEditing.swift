// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Writes a date into `as_of:` of images, and leaves every other byte of the description as it is.
///
/// A date is replaced where it stands. An image that has none gets the key after its `release:`.
package enum DateEditing {
  package typealias Refusal = EditRefusal

  /// The description with the date for these images, for all that are described when none is named.
  package static func write(
    _ date: ArchiveDate, into images: [String], of bytes: [UInt8], file: String, keys: [WingKey],
    tables: [String: [UInt8]] = [:]
  ) throws(Refusal) -> [UInt8] {
    guard let before = SpecReader.read(bytes, file: file, keys: keys, tables: tables).cluster else {
      throw .invalid(file)
    }
    if let unknown = images.first(where: { name in !before.images.contains { $0.name == name } }) {
      throw Refusal(
        what: "there is no image \(unknown) in \(file)",
        next: "Described are: \(before.images.map(\.name).joined(separator: ", ")).")
    }
    let chosen = Set(images.isEmpty ? before.images.map(\.name) : images)
    guard !chosen.isEmpty else { throw Refusal(what: "\(file) describes no image", next: "Describe one: `images:`.") }
    let text = EditedText(bytes, file: file)
    guard let result = text.applying(try edits(date, chosen, text, DescriptionText(file: file, bytes: bytes))) else {
      throw Refusal(what: "the dates of \(file) cannot be written", next: "Write `as_of: \(date)` there yourself.")
    }
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
    _ date: ArchiveDate, _ chosen: Set<String>, _ text: EditedText, _ description: DescriptionText
  ) throws(Refusal) -> Set<TextEdit> {
    guard let root = description.tree() else {
      throw Refusal(
        what: "\(description.file) cannot be read", next: "Run `cluster validate`, and correct what it shows.")
    }
    let images = root.entry("images")?.value.entries ?? []
    let common = root.entry("repositories")?.value.entry(RepositoriesSection.asOf.name)
    let undated = Set(images.filter { $0.value.entry(ImageSection.asOf.name) == nil }.map(\.key))
    // The common date is that of all images without their own, so it changes for all or for none of them.
    let movesCommon = common != nil && !undated.isEmpty && undated.isSubset(of: chosen)
    var edits: Set<TextEdit> = []
    if let common, movesCommon { edits.insert(try replacement(of: common.value, date, text)) }
    for image in images where chosen.contains(image.key) {
      if let own = image.value.entry(ImageSection.asOf.name) {
        edits.insert(try replacement(of: own.value, date, text))
      } else if !movesCommon {
        edits.insert(try insertion(into: image.value, date, text))
      }
    }
    return edits
  }

  /// The ten characters of the old date, without quotes and anchors.
  private static func replacement(
    of node: SpecNode, _ date: ArchiveDate, _ text: EditedText
  ) throws(Refusal) -> TextEdit {
    guard let edit = text.replacing(node, with: date.description, inBraces: false) else {
      throw unwritable(node.span, date)
    }
    return edit
  }

  /// A line of its own below `release:`, or an entry after it where the image is written in braces.
  private static func insertion(
    into image: SpecNode, _ date: ArchiveDate, _ text: EditedText
  ) throws(Refusal) -> TextEdit {
    guard let release = image.entry(ImageSection.release.name),
      let edit = text.inserting(ImageSection.asOf.name, date.description, after: release, into: image)
    else { throw unwritable(image.span, date) }
    return edit
  }

  private static func unwritable(_ span: SourceSpan, _ date: ArchiveDate) -> Refusal {
    Refusal(what: "the date cannot be written at \(span)", next: "Write `as_of: \(date)` there yourself.")
  }
}
