// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Node groups with `table:`. Each row takes the place of the group, as a group of one node whose values are those of
/// the row: everything that reads and checks groups finds the row's own lines, and knows no tables.
struct NodeTables {
  /// Tables by their paths beside the description.
  let files: [String: [UInt8]]

  /// The paths of the tables that a description names.
  static func paths(in root: SpecNode) -> [String] {
    var unheard = Problems(file: root.span.file)
    return groups(of: root).compactMap { table(of: $0).flatMap { NodeGroupSection.table.form.read($0, &unheard) } }
  }

  /// The groups as the file has them.
  static func groups(of root: SpecNode) -> [SpecNode] {
    guard case .sequence(let groups)? = root.entry("nodes")?.value.content else { return [] }
    return groups
  }

  static func table(of group: SpecNode) -> SpecNode? { group.entry(NodeGroupSection.table.name)?.value }

  /// The description with rows in the place of tables.
  ///
  /// - Returns: the description, and whether all its tables could be used: without its nodes much would seem amiss.
  func expanded(_ root: SpecNode, _ problems: inout Problems) -> (root: SpecNode, isWhole: Bool) {
    let all = Self.groups(of: root)
    guard all.contains(where: { Self.table(of: $0) != nil }), let nodes = root.entry("nodes")?.value else {
      return (root, true)
    }
    let groups = all.map { group in rows(group, &problems) ?? [group] }
    let whole = SpecNode(.sequence(groups.flatMap(\.self)), nodes.span, weight: nodes.weight)
    return (root.setting(["nodes"], whole), !groups.contains(where: \.isEmpty))
  }

  /// The rows of one group's table; none of one that cannot be used, which is told. Nil: it has no table.
  private func rows(_ group: SpecNode, _ problems: inout Problems) -> [SpecNode]? {
    guard let node = Self.table(of: group) else { return nil }
    guard let path = NodeGroupSection.table.form.read(node, &problems) else { return [] }
    if group.entry(NodeGroupSection.names.name) != nil {
      problems.error(
        .noEffect, "This group has names and a table of its own.",
        help: "Remove `names:`, or make a group of those nodes that are not in the table.", at: node.span)
      return []
    }
    guard let bytes = files[path] else {
      problems.error(
        .missingFile, "The table `\(shown(path))` is not there.",
        help: "Paths begin at the folder of the description. Create it, or name the nodes with `names:`.", at: node.span
      )
      return []
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      problems.error(.encoding, "`\(shown(path))` is not UTF-8.", help: "Save it as UTF-8.", at: node.span)
      return []
    }
    let table = TableText(bytes, file: path, &problems)
    guard let columns = TableColumns(table, group, at: node.span, path, &problems) else { return [] }
    guard table.rows.count <= SpecLimits.names else {
      problems.error(
        .tooManyNames, "`\(shown(path))` has more than \(SpecLimits.names) rows.", help: "Is this the right file?",
        at: node.span)
      return []
    }
    let rest = group.without(NodeGroupSection.table.name)
    return table.rows.compactMap { row in
      guard row.count <= table.header.count || row[table.header.count...].allSatisfy(\.text.isEmpty) else {
        problems.error(
          .badTable, "This row has \(row.count) cells, and the header \(table.header.count).",
          help: "A value with a comma in it is written in quotes.", at: row[table.header.count].span)
        return nil
      }
      return zip(columns.paths, row + Self.missing(row, of: columns)).reduce(rest) { node, column in
        let (path, cell) = column
        if cell.text.isEmpty { return check(cell, path, node, &problems) }
        return node.setting(path, SpecNode(.scalar(.init(text: cell.text, plain: true)), cell.span, weight: 1))
      }
    }
  }

  /// The cells that a row ends before.
  private static func missing(_ row: [TableText.Cell], of columns: TableColumns) -> [TableText.Cell] {
    guard let last = row.last, row.count < columns.paths.count else { return [] }
    let end = SourceSpan.point(last.span.file, last.span.line, last.span.endColumn)
    let cell = TableText.Cell(text: "", span: end, range: last.range.upperBound..<last.range.upperBound)
    return Array(repeating: cell, count: columns.paths.count - row.count)
  }

  /// Tells an empty cell that a node cannot be without, if the group does not say it.
  private func check(
    _ cell: TableText.Cell, _ path: [String], _ node: SpecNode, _ problems: inout Problems
  ) -> SpecNode {
    guard path.last == "names" || path.last == "address", node.value(at: path) == nil else { return node }
    problems.error(
      .badTable, "There is no \(path.last == "names" ? "name" : "address") in this row.",
      help: "Fill the cell in, or take the row out.", at: cell.span)
    return node.setting(path, SpecNode(.unreadable, cell.span, weight: 1))
  }
}

/// The places in a node group that the columns of a table fill.
struct TableColumns {
  let paths: [[String]]

  init?(
    _ table: TableText, _ group: SpecNode, at span: SourceSpan, _ path: String, _ problems: inout Problems
  ) {
    guard !table.header.isEmpty, !table.rows.isEmpty else {
      problems.error(
        .badTable, "`\(shown(path))` has no rows.",
        help: "The first line names the columns, `name,mac,address,bmc`, and each one below is a node.", at: span)
      return nil
    }
    let cards = group.entry("nics")?.value.entries?.map(\.key) ?? []
    var paths: [[String]] = []
    var isWhole = true
    for cell in table.header {
      let place = Self.place(cell.text.lowercased(), cards)
      if let place, !paths.contains(place) {
        paths.append(place)
      } else {
        isWhole = false
        Self.tell(cell, isTwice: place != nil, cards, &problems)
      }
    }
    if isWhole, !paths.contains(["names"]) {
      problems.error(
        .badTable, "`\(shown(path))` has no column `name`.", help: "Each row is a node: say what it is called.",
        at: table.header[0].span)
      isWhole = false
    }
    guard isWhole else { return nil }
    self.paths = paths
  }

  /// `mac` and `address` are those of the one card; of one among several they are written `eno1.mac`.
  static func place(_ name: String, _ cards: [String]) -> [String]? {
    let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
    switch name {
    case "name": return ["names"]
    case "bmc": return ["bmc", "address"]
    case "mac", "address": return cards.count == 1 ? ["nics", cards[0], name] : nil
    case "image", "state": return [name]
    default:
      guard parts.count == 2 else { return nil }
      if parts[0] == "bmc" { return parts }
      guard let card = cards.first(where: { name.hasPrefix($0.lowercased() + ".") }) else { return nil }
      return ["nics", card, String(name.dropFirst(card.count + 1))]
    }
  }

  /// The name of the column that fills a place.
  static func name(of place: [String], _ cards: [String]) -> String {
    switch place {
    case ["names"]: "name"
    case ["bmc", "address"]: "bmc"
    case _ where place.first == "nics" && place.count == 3:
      cards.count == 1 && ["mac", "address"].contains(place[2]) ? place[2] : "\(place[1]).\(place[2])"
    default: place.joined(separator: ".")
    }
  }

  private static func tell(_ cell: TableText.Cell, isTwice: Bool, _ cards: [String], _ problems: inout Problems) {
    if isTwice {
      return problems.error(
        .badTable, "There are two columns for `\(shown(cell.text))`.", help: "Remove one of them.", at: cell.span)
    }
    let ofCards = cards.count == 1 ? ["mac", "address"] : cards.flatMap { ["\($0).mac", "\($0).address"] }
    let known = ["name"] + ofCards + ["bmc", "image", "state"]
    problems.error(
      .badTable, "Nothing in a node group is called `\(shown(cell.text))`.",
      help: "Columns are: \(known.joined(separator: ", ")). Remove the others, or put `#` before lines of notes.",
      at: cell.span,
      fixIts: meant(cell.text.lowercased(), known).map { [.suggestion($0, at: cell.span)] } ?? [])
  }

  /// The column that others call so.
  private static func meant(_ name: String, _ known: [String]) -> String? {
    let words = Set(name.split { !$0.isLetter }.map(String.init))
    let other: String? =
      if !words.isDisjoint(with: ["bmc", "ipmi", "ilo", "idrac", "drac", "ipmiip", "bmcip"]) {
        words.contains("mac") ? "bmc.mac" : "bmc"
      } else if !words.isDisjoint(with: ["mac", "hwaddr", "ethernet"]) {
        "mac"
      } else if !words.isDisjoint(with: ["ip", "ipv4", "addr", "ipaddress", "ipaddr"]) {
        "address"
      } else if !words.isDisjoint(with: ["host", "hostname", "node", "nodename", "machine"]) {
        "name"
      } else {
        nil
      }
    return other.flatMap { known.contains($0) || $0 == "bmc.mac" ? $0 : nil } ?? closest(to: name, among: known)
  }
}

extension SpecNode {
  /// The value at a path of keys. Nil: there is none.
  func value(at path: [String]) -> SpecNode? {
    guard let key = path.first else { return self }
    return entry(key)?.value.value(at: Array(path.dropFirst()))
  }

  fileprivate func without(_ key: String) -> SpecNode { entries.map { with($0.filter { $0.key != key }) } ?? self }

  /// This value with another one at a path of keys.
  fileprivate func setting(_ path: [String], _ value: SpecNode) -> SpecNode {
    guard let key = path.first else { return value }
    let rest = Array(path.dropFirst())
    var entries = entries ?? []
    if let index = entries.firstIndex(where: { $0.key == key }) {
      let old = entries[index]
      entries[index] = Entry(
        key: key, keySpan: old.keySpan, value: old.value.setting(rest, value), span: old.span)
    } else {
      let inner = SpecNode(.mapping([]), value.span, weight: 1)
      entries.append(
        Entry(key: key, keySpan: value.span, value: rest.isEmpty ? value : inner.setting(rest, value), span: value.span)
      )
    }
    return with(entries)
  }

  private func with(_ entries: [Entry]) -> SpecNode {
    var node = SpecNode(.mapping(entries), span, weight: weight)
    node.heading = heading
    return node
  }
}
