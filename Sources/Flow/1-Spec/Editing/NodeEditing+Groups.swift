// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Groups: which one a node is in, and a table in the place of names.
extension NodeEditing {
  func places(_ text: DescriptionText, of names: [HostID]) throws(EditRefusal) -> NodePlaces {
    guard let places = NodePlaces(text) else { throw .invalid(text.file) }
    if let unknown = names.first(where: { places.places[$0] == nil }) {
      let near = nearest(to: unknown.name, among: places.places.keys.map(\.name).sorted())
      throw EditRefusal(
        what: "\(text.file) describes no node \(unknown)",
        next: near.isEmpty
          ? "Describe it first: `cluster node add \(unknown)`."
          : "Did you mean \(near.joined(separator: ", "))? Else: `cluster node add \(unknown)`.")
    }
    return places
  }

  /// The cards of each node, or of the group that a new one is to be in.
  package func cards(of names: [HostID], like: HostID?, in text: DescriptionText) throws(EditRefusal) -> [[String]] {
    let places = try places(text, of: like.map { [$0] } ?? [])
    var cards: [[String]] = []
    for name in names {
      if let place = places.places[name] {
        cards.append(places.groups[place.group].cards)
      } else {
        cards.append(places.groups[try group(for: name, like, places)].cards)
      }
    }
    return cards
  }

  /// The group that a new node is in: that of another node, or the only one that it can mean.
  func group(for name: HostID, _ like: HostID?, _ places: NodePlaces) throws(EditRefusal) -> Int {
    if let like, let place = places.places[like] { return place.group }
    let stem = { (name: HostID) in String(name.name.prefix { !$0.isNumber }) }
    let alike = places.groups.indices.filter { places.groups[$0].names.contains { stem($0) == stem(name) } }
    if alike.count == 1 { return alike[0] }
    if places.groups.count == 1 { return 0 }
    let examples = places.groups.compactMap(\.names.first).map { "--like \($0)" }
    throw EditRefusal(
      what: "which group \(name) is in cannot be told",
      next: examples.isEmpty
        ? "No group of nodes is described yet. Write the first one yourself, under `nodes:`."
        : "Say whose: \(examples.joined(separator: ", ")).")
  }

  /// The description with a table in the place of a group's names, so that each node has values of its own.
  ///
  /// - Parameter adding: columns for values that the group does not count up.
  func spread(
    _ index: Int, adding: [[String]], _ facts: DescriptionFacts, _ text: DescriptionText
  ) throws(EditRefusal) -> DescriptionText {
    let group = try places(text, of: []).groups[index]
    let nodes = Dictionary(facts.nodes.map { ($0.node.name, $0.node) }) { first, _ in first }
    let columns = group.places.filter { group.isCounted($0) || adding.contains($0) }
    let free = (1...99).map { $0 == 1 ? "nodes.csv" : "nodes-\($0).csv" }
    guard let names = group.tree.entry(NodeGroupSection.names.name),
      let path = free.first(where: { !taken.contains($0) && text.tables[$0] == nil })
    else { throw unwritable(group.names, group) }
    let header = ["name"] + columns.map { TableColumns.name(of: $0, group.cards) }
    let rows = group.names.map { name in
      [name.name] + columns.map { column in nodes[name].flatMap { Self.text(at: column, of: $0) } ?? "" }
    }
    let description = EditedText(text.bytes, file: text.file)
    let inBraces = description.isInBraces(group.tree) ?? false
    var edits = description.replacing(names, key: NodeGroupSection.table.name, text: path, inBraces: inBraces)
    for parent in Set(columns.map { Array($0.dropLast()) }) {
      let counted = Set(columns.filter { $0.dropLast() == parent[...] && group.isCounted($0) }.compactMap(\.last))
      guard !counted.isEmpty, let mapping = group.tree.value(at: parent) else { continue }
      let removals = description.removing(counted, from: mapping)
      edits = edits.flatMap { edits in removals.map { edits + $0 } }
    }
    guard let edits else { throw unwritable(group.names, group) }
    var result = try text.applying(edits, [:])
    result.tables[path] = Array(([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined().utf8)
    return result
  }

  private static func text(at path: [String], of node: ComputeNode) -> String? {
    switch (path.first, path.last) {
    case ("nics", "mac"): node.nics.first { $0.name == path[1] }?.mac?.description
    case ("nics", "address"): node.nics.first { $0.name == path[1] }?.address.description
    case ("bmc", "address"): node.bmc?.address.description
    case ("bmc", "mac"): node.bmcMAC?.description
    default: nil
    }
  }

  func unwritable(_ names: [HostID], _ group: NodePlaces.Group) -> EditRefusal {
    EditRefusal(
      what: "\(HostlistText.fold(names)) cannot be edited without touching something else, in \(group.label)",
      next: "Edit the group yourself: write `table: nodes.csv` in the place of its names, with a row for each node.")
  }
}

extension NodePlaces.Group {
  /// The places that columns may fill, in the order of columns.
  var places: [[String]] {
    cards.flatMap { [["nics", $0, "mac"], ["nics", $0, "address"]] }
      + [["bmc", "address"], ["bmc", "mac"], ["image"], ["state"]]
  }

  func isCounted(_ path: [String]) -> Bool {
    guard case .scalar(let scalar)? = tree.value(at: path)?.content else { return false }
    return scalar.text.hasSuffix("+")
  }

  var hasCounted: Bool { places.contains(where: isCounted) }
}

extension EditRefusal {
  /// - Parameter problems: its errors, where they are known, and the text that they are about.
  static func invalid(_ file: String, _ problems: [Diagnostic] = [], in text: DescriptionText? = nil) -> EditRefusal {
    EditRefusal(
      what: "\(file) has errors", next: "Run `cluster validate`, and correct what it shows.", problems: problems,
      text: text)
  }

  /// - Parameter text: the edited description.
  package static func leavingErrors(_ problems: [Diagnostic], in text: DescriptionText) -> EditRefusal {
    EditRefusal(
      what: "with this edit \(text.file) would have errors",
      next: "Give what is missing as well, such as `address=10.1.1.5`, or write it there yourself.",
      problems: problems, text: text)
  }
}

extension DescriptionText {
  func applying(_ edits: [TextEdit], _ tables: [String: TableEdits]) throws(EditRefusal) -> DescriptionText {
    var result = self
    let own = EditedText(bytes, file: file).applying(edits)
    result.bytes = own ?? bytes
    var isWhole = own != nil
    for (path, table) in tables {
      let text = EditedText(self.tables[path] ?? [], file: path).applying(table.edits)
      result.tables[path] = text ?? self.tables[path]
      isWhole = isWhole && text != nil
    }
    guard isWhole else {
      throw EditRefusal(
        what: "several edits are at one place of \(file)",
        next: "Give them one after the other, or write them yourself.")
    }
    return result
  }
}

extension EditedText {
  /// A value of all nodes of a group, in the group itself.
  func setting(
    _ key: NodeValue.Key, _ text: String?, _ group: NodePlaces.Group
  ) throws(EditRefusal) -> [TextEdit] {
    let (parent, name) = (Array(key.path.dropLast()), key.path[key.path.count - 1])
    guard let mapping = group.tree.value(at: parent), let entries = mapping.entries, let last = entries.last else {
      throw EditRefusal(
        what: "\(group.label) has no `\(parent.joined(separator: ": "))`",
        next: "Write it there first, with all that it needs.")
    }
    let edits: [TextEdit]?
    if let entry = mapping.entry(name) {
      if let text {
        edits = replacing(entry.value, with: text, inBraces: isInBraces(mapping) ?? true).map { [$0] }
      } else {
        edits = removing([name], from: mapping)
      }
    } else if let text {
      let before = mapping.entry("address") ?? mapping.entry("image") ?? last
      edits = inserting(name, text, after: before, into: mapping).map { [$0] }
    } else {
      edits = []
    }
    guard let edits else {
      throw EditRefusal(
        what: "`\(name)` cannot be written into \(group.label) without touching something else",
        next: "Write \(text.map { "`\(name): \($0)`" } ?? "it out of the group") yourself.")
    }
    return edits
  }

  /// Other names of a group.
  func naming(_ names: [HostID], _ group: NodePlaces.Group) throws(EditRefusal) -> [TextEdit] {
    guard let entry = group.tree.entry(NodeGroupSection.names.name), case .scalar(let old) = entry.value.content,
      let edit = replacing(
        entry.value, with: Self.hostlist(names, was: old.text, group.names), inBraces: isInBraces(group.tree) ?? true)
    else {
      throw EditRefusal(
        what: "the names of \(group.label) cannot be written without touching something else",
        next: "Write `names: \(HostlistText.fold(names))` there yourself.")
    }
    return [edit]
  }

  /// Folded where that keeps the order, which addresses count by; else the old text goes on.
  private static func hostlist(_ names: [HostID], was old: String, _ before: [HostID]) -> String {
    let folded = HostlistText.fold(names)
    if case .value(let list) = Hostlist.parse(folded), list.expanded() == names { return folded }
    if names.starts(with: before) { return ([old] + names.dropFirst(before.count).map(\.name)).joined(separator: ",") }
    return names.map(\.name).joined(separator: ",")
  }
}
