// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Edits nodes of a description where they stand: in its groups, or in rows of their tables. Every other byte stays as
/// it is. What comes out has been read: it describes what was described before, and exactly the change.
///
/// Where one node of a group is to differ from what the group counts up, the group gets a table, with what its nodes
/// have now.
package struct NodeEditing {
  let keys: [WingKey]
  /// Names beside the description that no new table may have.
  let taken: Set<String>

  package init(keys: [WingKey], taken: Set<String> = []) {
    self.keys = keys
    self.taken = taken
  }

  package struct Assignment: Hashable, Sendable {
    package var node: HostID
    package var value: NodeValue

    package init(_ node: HostID, _ value: NodeValue) {
      self.node = node
      self.value = value
    }
  }

  // MARK: Values

  /// The description with other values of nodes.
  package func set(_ values: [Assignment], in before: DescriptionText) throws(EditRefusal) -> DescriptionText {
    let start = try DescriptionFacts(before, keys)
    let places = try places(before, of: values.map(\.node))
    var text = before
    for index in places.groups.indices where !isWide(values, places.groups[index]) {
      let own = values.filter { places.places[$0.node]?.group == index }
      text = try spread(index, adding: own.map(\.value.key.path), start, text)
    }
    let edited = try setting(values, text, places: try self.places(text, of: []))
    try start.check(edited, keys) { nodes, after in
      for (index, node) in nodes.enumerated() {
        for value in values where value.node == node.node.name {
          value.value.apply(to: &nodes[index].node, after: after[index].node)
        }
      }
    }
    return edited
  }

  /// Whether the group can say the values itself: it has a table, or each value is one of all its nodes.
  private func isWide(_ values: [Assignment], _ group: NodePlaces.Group) -> Bool {
    let names = Set(group.names)
    let own = values.filter { names.contains($0.node) }
    return group.table != nil || Set(own.map(\.value.key)).allSatisfy { text(of: $0, own, group) != nil }
  }

  /// The text by which a group says a value of all its nodes; in it nil where it is to say none. Nil: there is no such
  /// text.
  private func text(of key: NodeValue.Key, _ values: [Assignment], _ group: NodePlaces.Group) -> String?? {
    let own = Dictionary(values.filter { $0.value.key == key }.map { ($0.node, $0.value) }) { _, last in last }
    let all = group.names.compactMap { own[$0] }
    guard let first = all.first, all.count == group.names.count else { return nil }
    if all.count == 1 || all.allSatisfy({ $0.text == nil }) || !first.key.isOfOneNode {
      return all.allSatisfy { $0.text == first.text } ? .some(first.text) : nil
    }
    guard let start = first.text else { return nil }
    let counted = all.indices.map { NodeValue.counted(first.key, "\(start)+", $0)?.text }
    return counted == all.map(\.text) ? .some("\(start)+") : nil
  }

  private func setting(
    _ values: [Assignment], _ text: DescriptionText, places: NodePlaces
  ) throws(EditRefusal) -> DescriptionText {
    let description = EditedText(text.bytes, file: text.file)
    var edits: [TextEdit] = []
    var tables: [String: TableEdits] = [:]
    for group in places.groups {
      let names = Set(group.names)
      let own = values.filter { names.contains($0.node) }
      if let table = group.table {
        var rows = tables[table.path] ?? TableEdits(table, cards: group.cards)
        for value in own { try rows.set(value.value, of: value.node, in: group) }
        tables[table.path] = rows
        continue
      }
      for key in Set(own.map(\.value.key)) {
        guard let value = self.text(of: key, own, group) else { throw unwritable(own.map(\.node), group) }
        edits += try description.setting(key, value, group)
      }
    }
    return try text.applying(edits, tables)
  }

  // MARK: Nodes

  /// The description without some nodes.
  package func remove(_ names: [HostID], from before: DescriptionText) throws(EditRefusal) -> DescriptionText {
    let start = try DescriptionFacts(before, keys)
    let gone = Set(names)
    let places = try places(before, of: names)
    var text = before
    for (index, group) in places.groups.enumerated() where group.names.contains(where: gone.contains) {
      let left = group.names.filter { !gone.contains($0) }
      guard !left.isEmpty else {
        throw EditRefusal(
          what: "these are all nodes of \(group.label)",
          next: "Take the whole group out of \(before.file) yourself, from its dash to the next one.")
      }
      if group.table == nil, group.hasCounted, left != Array(group.names.prefix(left.count)) {
        text = try spread(index, adding: [], start, text)
      }
    }
    let edited = try removing(gone, text, places: try self.places(text, of: []))
    try start.check(edited, keys) { nodes, _ in nodes.removeAll { gone.contains($0.node.name) } }
    return edited
  }

  private func removing(
    _ gone: Set<HostID>, _ text: DescriptionText, places: NodePlaces
  ) throws(EditRefusal) -> DescriptionText {
    let description = EditedText(text.bytes, file: text.file)
    var edits: [TextEdit] = []
    var tables: [String: TableEdits] = [:]
    for group in places.groups where group.names.contains(where: gone.contains) {
      if let table = group.table {
        var rows = tables[table.path] ?? TableEdits(table, cards: group.cards)
        try rows.remove(gone, group, EditedText(text.tables[table.path] ?? [], file: table.path))
        tables[table.path] = rows
      } else {
        edits += try description.naming(group.names.filter { !gone.contains($0) }, group)
      }
    }
    return try text.applying(edits, tables)
  }

  /// The description with one more node, in the group of another one.
  ///
  /// - Parameter like: nil: the only group that it can be in.
  package func add(
    _ name: HostID, like: HostID?, _ values: [NodeValue], to before: DescriptionText
  ) throws(EditRefusal) -> DescriptionText {
    let start = try DescriptionFacts(before, keys)
    let places = try places(before, of: like.map { [$0] } ?? [])
    if let place = places.places[name] {
      throw EditRefusal(
        what: "\(name) is described already, in \(places.groups[place.group].label)",
        next: "`cluster node set \(name) key=value` edits it.")
    }
    let index = try group(for: name, like, places)
    guard let last = places.groups[index].names.last else { throw unwritable([name], places.groups[index]) }
    func check(_ edited: DescriptionText) throws(EditRefusal) {
      try start.check(edited, keys) { nodes, after in
        guard let place = nodes.firstIndex(where: { $0.node.name == last }), after.indices.contains(place + 1) else {
          return
        }
        var new = after[place + 1]
        new.node.name = name
        for value in values { value.apply(to: &new.node, after: new.node) }
        nodes.insert(new, at: place + 1)
      }
    }
    var text = before
    if places.groups[index].table == nil {
      let description = EditedText(text.bytes, file: text.file)
      let group = places.groups[index]
      let named = try before.applying(try description.naming(group.names + [name], group), [:])
      do throws(EditRefusal) {
        try check(named)
        return named
      } catch {
        // What the group counts is not what this node is to have.
        if values.isEmpty { throw error }
      }
      text = try spread(index, adding: values.map(\.key.path), start, text)
    }
    let group = try self.places(text, of: []).groups[index]
    guard let table = group.table else { throw unwritable([name], group) }
    var rows = TableEdits(table, cards: group.cards)
    rows.add(name, values, EditedText(text.tables[table.path] ?? [], file: table.path))
    let edited = try text.applying([], [table.path: rows])
    try check(edited)
    return edited
  }
}
