// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// A description with its tables, as they are on the disk or are to be.
package struct DescriptionText: Hashable, Sendable {
  /// The name that diagnostics show.
  package let file: String
  package var bytes: [UInt8]
  /// Tables of nodes by their paths beside it.
  package var tables: [String: [UInt8]]

  package init(file: String, bytes: [UInt8], tables: [String: [UInt8]] = [:]) {
    self.file = file
    self.bytes = bytes
    self.tables = tables
  }

  /// The bytes of one of its files. Nil: it is none of them.
  package subscript(_ path: String) -> [UInt8]? {
    get { path == file ? bytes : tables[path] }
    set { if path == file { bytes = newValue ?? [] } else { tables[path] = newValue } }
  }

  /// Files that differ from those of another one, tables first: the description may name them.
  package func changed(from other: Self) -> [String] {
    (tables.keys.sorted() + [file]).filter { self[$0] != other[$0] }
  }

  func tree() -> SpecNode? {
    var unheard = Problems(file: file)
    let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
    return TreeBuilder.values(in: text, of: file, &unheard)
  }
}

/// Where the nodes of a description stand in its text.
struct NodePlaces {
  struct Group {
    /// As the file has it, with `table:` where it has one.
    var tree: SpecNode
    var names: [HostID]
    var cards: [String]
    var table: Table?

    /// How a message calls it.
    var label: String {
      let line = "line \(tree.span.line)"
      return names.first.map { "the group of \($0) (\(line))" } ?? "the group at \(line)"
    }
  }

  struct Table {
    var path: String
    var text: TableText
    var columns: [[String]]
    /// The row of each name of the group.
    var rows: [Int]
  }

  struct Place: Hashable {
    var group: Int
    /// In the names of the group.
    var index: Int
  }

  let groups: [Group]
  let places: [HostID: Place]

  /// Fails for a text with errors.
  init?(_ text: DescriptionText) {
    guard let root = text.tree() else { return nil }
    var groups: [Group] = []
    var places: [HostID: Place] = [:]
    for tree in NodeTables.groups(of: root) {
      guard let group = Self.group(tree, text) else { return nil }
      for (index, name) in group.names.enumerated() { places[name] = Place(group: groups.count, index: index) }
      groups.append(group)
    }
    (self.groups, self.places) = (groups, places)
  }

  private static func group(_ tree: SpecNode, _ text: DescriptionText) -> Group? {
    var problems = Problems(file: text.file)
    let cards = tree.entry("nics")?.value.entries?.map(\.key) ?? []
    guard let node = NodeTables.table(of: tree) else {
      let names = tree.entry(NodeGroupSection.names.name).flatMap {
        NodeGroupSection.names.form.read($0.value, &problems)
      }
      return names.map { Group(tree: tree, names: $0.expanded(), cards: cards) }
    }
    guard let path = NodeGroupSection.table.form.read(node, &problems), let bytes = text.tables[path] else {
      return nil
    }
    let table = TableText(bytes, file: path, &problems)
    guard let columns = TableColumns(table, tree, at: node.span, path, &problems)?.paths, !problems.hasErrors,
      let column = columns.firstIndex(of: ["names"])
    else { return nil }
    var (names, rows): ([HostID], [Int]) = ([], [])
    for (row, cells) in table.rows.enumerated() {
      guard cells.indices.contains(column), case .value(let list) = Hostlist.parse(cells[column].text) else {
        return nil
      }
      for name in list.expanded() {
        names.append(name)
        rows.append(row)
      }
    }
    return Group(
      tree: tree, names: names, cards: cards, table: Table(path: path, text: table, columns: columns, rows: rows))
  }
}
