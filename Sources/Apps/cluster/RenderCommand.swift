// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Templates
import Wings

struct RenderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render", abstract: "A file of a package set as a machine gets it.",
    discussion: "Nothing is contacted or changed.")

  @OptionGroup var options: SiteOptions

  @Argument(help: "The set and the path of the file on the machine: slurm/etc/slurm/slurm.conf.")
  var file: String

  @Option(
    help: ArgumentHelp(
      "A head, or a node for a live file. Default: the file that nodes have in their image.", valueName: "machine"))
  var on: String?

  func run() async throws {
    try await Failure.telling {
      let parts = file.split(separator: "/", maxSplits: 1)
      guard parts.count == 2 else {
        throw Failure("`\(file)` names no file of a set", next: "Write SET/PATH, as in slurm/etc/slurm/slurm.conf.")
      }
      let (set, cluster) = try options.packageSet(String(parts[0]))
      let head = on.flatMap { cluster.head(HostID($0)) }
      let node = on.flatMap { name in cluster.nodes.first { $0.name == HostID(name) } }
      if let on, head == nil, node == nil {
        throw Failure(
          "there is no head or node \(on)",
          next: "Name one of \(cluster.heads.map(\.name.name).joined(separator: ", ")), or a node.")
      }
      if let node, !set.isOn(in: node.image) {
        throw Failure(
          "\(node.name) does not have the set \(set.name)",
          next:
            "Its image \(node.image) is without it. Name a node of \(set.images?.sorted().joined(separator: ", ") ?? "")."
        )
      }
      let files = (head == nil ? set.nodes : set.heads).files
      guard let found = files.first(where: { $0.path == "/\(parts[1])" }) else {
        throw Failure(
          "the set `\(set.name)` has no /\(parts[1]) on \(head == nil ? "nodes" : "heads")",
          next: files.isEmpty ? "It has no files there." : "It has \(files.map(\.path).joined(separator: ", ")).")
      }
      let content: Content
      if found.live != nil {
        let texts = try found.texts(cluster.filledSets.values.of(set), only: node?.name)
        guard let text = node.flatMap({ texts.on($0.name) }) ?? texts.common else {
          throw Failure("each node has its own \(found.path)", next: "Name a node with --on.")
        }
        content = text
      } else {
        content = try found.text(cluster.values(of: set, on: head))
      }
      Terminal.print(String(decoding: content.bytes, as: UTF8.self).trimmedEnd)
    }
  }
}

struct VarsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vars", abstract: "What the templates of a package set may read, and the filters there are.")

  @OptionGroup var options: SiteOptions

  @Argument(help: "The name of the set.")
  var name: String

  func run() async throws {
    try await Failure.telling {
      let (set, _) = try options.packageSet(name)
      let settings = Dictionary(set.settings.map { ($0.name, $0.type) }) { first, _ in first }
      var lines: [String] = []
      let ofNodes = Dictionary(set.settings.filter(\.isOfNodes).map { ($0.name, $0.type) }) { first, _ in first }
      for (name, type) in SetVariables.types(settings, ofNodes: ofNodes, on: .heads).sorted(by: { $0.key < $1.key }) {
        lines += Self.lines(name, type) + (name == SetVariables.headName ? ["  on heads only"] : [])
      }
      for (name, type) in SetVariables.types(settings, ofNodes: ofNodes, on: .nodes) where name == SetVariables.nodeName
      {
        lines += Self.lines(name, type) + ["  in live files of nodes only"]
      }
      lines += ["", "filters: \(TemplateFilters.names)"]
      Terminal.print(lines.joined(separator: "\n"))
    }
  }

  /// - Parameter depth: of lists of objects around it.
  private static func lines(_ name: String, _ type: TemplateType, depth: Int = 0) -> [String] {
    let margin = String(repeating: "    ", count: depth)
    switch type {
    case .object(let fields):
      return fields.sorted { $0.key < $1.key }.flatMap { lines("\(name).\($0.key)", $0.value, depth: depth) }
    case .list(.object(let fields)):
      return ["\(margin)\(name)[]"]
        + fields.sorted { $0.key < $1.key }.flatMap { lines(".\($0.key)", $0.value, depth: depth + 1) }
    default: return ["\(margin)\(name)  \(type.words)"]
    }
  }
}
