// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Edits of a table of nodes: cells, columns and rows. Cells that are not named keep their bytes.
struct TableEdits {
  private let table: NodePlaces.Table
  private let cards: [String]
  /// Columns behind those that are there.
  private var newColumns: [[String]] = []
  /// Texts of cells, by row and column.
  private var cells: [Int: [Int: String]] = [:]
  private var others: [TextEdit] = []

  init(_ table: NodePlaces.Table, cards: [String]) {
    self.table = table
    self.cards = cards
  }

  mutating func set(_ value: NodeValue, of node: HostID, in group: NodePlaces.Group) throws(EditRefusal) {
    guard let index = group.names.firstIndex(of: node) else { return }
    let row = table.rows[index]
    guard table.rows.count(where: { $0 == row }) == 1 else {
      throw EditRefusal(
        what: "\(node) stands in one row with others, \(table.path):\(table.text.rows[row].first?.span.line ?? 0)",
        next: "Give each of them a row of its own.")
    }
    if value.text == nil, !table.columns.contains(value.key.path), !newColumns.contains(value.key.path) { return }
    cells[row, default: [:]][column(value.key.path)] = value.text ?? ""
  }

  mutating func remove(_ gone: Set<HostID>, _ group: NodePlaces.Group, _ text: EditedText) throws(EditRefusal) {
    for row in Set(zip(group.names, table.rows).filter { gone.contains($0.0) }.map(\.1)) {
      guard zip(group.names, table.rows).allSatisfy({ $0.1 != row || gone.contains($0.0) }) else {
        throw EditRefusal(
          what: "a row of \(table.path) has other nodes too: line \(table.text.rows[row].first?.span.line ?? 0)",
          next: "Write there which ones stay.")
      }
      let line = table.text.lines[row + 1]
      let after = text.lineBreak(at: line.upperBound).count
      // The last line may have no end: then it goes with that of the line before.
      let before = after == 0 ? line.lowerBound - text.lineEnd(table.text.lines[row].lowerBound) : 0
      let isNeighbour = before == text.lineBreak(at: line.lowerBound - before).count
      others.append(TextEdit(line.lowerBound - (isNeighbour ? before : 0)..<line.upperBound + after, []))
    }
  }

  mutating func add(_ name: HostID, _ values: [NodeValue], _ text: EditedText) {
    var texts = [column(["names"]): name.name]
    for value in values where value.text != nil { texts[column(value.key.path)] = value.text }
    let last = table.text.rows.last ?? []
    let row = (0..<table.columns.count + newColumns.count).map { column in
      let isQuoted = last.indices.contains(column) && text.bytes[last[column].range].first == UInt8(ascii: "\"")
      return quoted(texts[column] ?? "", isQuoted && texts[column] != nil)
    }
    let end = table.text.lines.last?.upperBound ?? text.bytes.count
    let line = row.joined(separator: String(decoding: [table.text.separator], as: UTF8.self))
    others.append(TextEdit(end..<end, text.lineBreak(for: table.text.lines.first?.lowerBound ?? 0) + Array(line.utf8)))
  }

  private mutating func column(_ path: [String]) -> Int {
    if let index = table.columns.firstIndex(of: path) { return index }
    if let index = newColumns.firstIndex(of: path) { return table.columns.count + index }
    newColumns.append(path)
    return table.columns.count + newColumns.count - 1
  }

  private func quoted(_ text: String, _ isQuoted: Bool) -> String { isQuoted ? "\"\(text)\"" : text }

  var edits: [TextEdit] {
    let separator = String(decoding: [table.text.separator], as: UTF8.self)
    var edits = others
    if !newColumns.isEmpty, let header = table.text.lines.first {
      let names = newColumns.map { separator + TableColumns.name(of: $0, cards) }.joined()
      edits.append(TextEdit(header.upperBound..<header.upperBound, names))
    }
    for (row, texts) in cells {
      let old = table.text.rows[row]
      var (count, more) = (old.count, "")
      for (column, text) in texts.sorted(by: { $0.key < $1.key }) {
        if old.indices.contains(column) {
          let cell = old[column]
          // A text in quotes is longer by them than what it says.
          let isQuoted = cell.range.count > cell.text.utf8.count
          edits.append(TextEdit(cell.range, quoted(text, isQuoted && !text.isEmpty)))
        } else {
          more += String(repeating: separator, count: column - count + 1) + text
          count = column + 1
        }
      }
      let end = table.text.lines[row + 1].upperBound
      if !more.isEmpty { edits.append(TextEdit(end..<end, more)) }
    }
    return edits
  }
}
