// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// The contents of a description, without the places where it says it: an edit is held against it.
struct DescriptionFacts {
  struct Node: Hashable {
    var node: ComputeNode
    /// Everything that its group says beyond that.
    var rest: String
  }

  var nodes: [Node]
  /// All but its nodes.
  private let rest: String

  init(_ text: DescriptionText, _ keys: [WingKey]) throws(EditRefusal) {
    let reading = SpecReader.read(text.bytes, file: text.file, keys: keys, tables: text.tables)
    guard let cluster = reading.cluster, let tree = text.tree() else {
      throw .invalid(text.file, reading.diagnostics.filter { $0.severity == .error }, in: text)
    }
    var unheard = Problems(file: text.file)
    let root = NodeTables(files: text.tables).expanded(tree, &unheard).root
    rest = (root.entries ?? []).filter { $0.key != "nodes" }.map { "\($0.key): \(Self.words($0.value))" }
      .joined(separator: "\n")
    let rests = NodeTables.groups(of: root).flatMap { group in
      let names = group.entry("names").flatMap { NodeGroupSection.names.form.read($0.value, &unheard) }
      let rest = (group.entries ?? []).filter { !Self.inModel.contains($0.key) }
      let words = rest.map { "\($0.key): \(Self.words($0.value))" }.joined(separator: "\n")
      return Array(repeating: words, count: names?.count ?? 0)
    }
    nodes = zip(cluster.nodes, rests).map { Node(node: Self.placeless($0), rest: $1) }
  }

  /// Keys of a group whose values nodes of the model have.
  private static let inModel: Set<String> = ["names", "image", "nics", "bmc", "state"]

  private static func placeless(_ node: ComputeNode) -> ComputeNode {
    let nowhere = SourceSpan.point("", 1, 1)
    var node = node
    node.source = nowhere
    node.root?.source = nowhere
    for index in node.nics.indices { node.nics[index].source = nowhere }
    return node
  }

  private static func words(_ node: SpecNode) -> String {
    switch node.content {
    case .scalar(let scalar): (scalar.plain ? "" : "\"") + scalar.text.debugDescription
    case .sequence(let items): "[" + items.map(words).joined(separator: ",") + "]"
    case .mapping(let entries):
      "{" + entries.map { $0.key.debugDescription + ":" + words($0.value) }.joined(separator: ",") + "}"
    case .unreadable: "?"
    }
  }

  /// Refuses an edit that leaves errors, or changes anything else than it is to: an anchor may say one value in several
  /// places.
  ///
  /// - Parameter change: makes of the nodes what they are to be.
  func check(
    _ edited: DescriptionText, _ keys: [WingKey], _ change: (inout [Node], _ after: [Node]) -> Void
  ) throws(EditRefusal) {
    let after: DescriptionFacts
    do throws(EditRefusal) { after = try DescriptionFacts(edited, keys) } catch {
      throw .leavingErrors(error.problems, in: edited)
    }
    var expected = nodes
    change(&expected, after.nodes)
    guard after.rest == rest, after.nodes == expected else {
      let other = zip(expected, after.nodes).first { $0 != $1 }?.0.node.name
      throw EditRefusal(
        what: "the edit would change more than it is to" + (other.map { ": \($0)" } ?? ""),
        next: "Edit \(edited.file) yourself. Values that an anchor (`&name`) shares need one each.")
    }
  }
}
