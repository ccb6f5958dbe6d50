// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import Reconciler
import SpecReading

/// The nodes and values that a command names.
enum NodesArgument {
  static let help = ArgumentHelp("Nodes, as a hostlist: node[01-16] or node1,node2.", valueName: "hostlist")

  /// Nodes of the description that the words before name, or of that of this folder.
  static let completion = CompletionKind.custom { words, _, _ in described(words)?.nodes.map(\.name.name) ?? [] }

  static let values = CompletionKind.custom { words, _, prefix in
    let keys = ["mac=", "address=", "bmc=", "bmc.mac=", "image=", "state="]
    switch prefix.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).first {
    case "image" where prefix.contains("="): return described(words)?.images.map { "image=\($0.name)" } ?? []
    case "state" where prefix.contains("="): return ComputeNode.State.allCases.map { "state=\($0.rawValue)" }
    default: return keys
    }
  }

  private static func described(_ words: [String]) -> Cluster? {
    let flag = words.lastIndex { $0 == "-f" || $0 == "--file" }
    let file = flag.flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil } ?? "cluster.yaml"
    // Whoever completes a word is told nothing: a description with errors has no names yet.
    return (try? Specification.description(URL(fileURLWithPath: file).standardizedFileURL)) ?? nil
  }

  static func names(_ text: String) throws -> [HostID] { try MachinesArgument.names(text) }

  /// The description is the same, whichever machines are meant.
  static func check(_ options: SiteOptions) throws {
    guard !options.lab, !options.simulate else {
      throw ValidationError("No machine is asked, and the description is one: leave --lab and --simulate out.")
    }
  }

  static func parts(_ text: String) throws -> (key: String, value: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty else {
      throw ValidationError("`\(text.visibleLine)` is not key=value. Write, for example, state=out.")
    }
    return (parts[0], parts[1])
  }

  /// The values of several nodes, one after the other.
  static func values(
    _ texts: [String], of names: [HostID], like: HostID?, _ change: DescriptionChange
  ) throws -> [[NodeValue]] {
    let cards: [[String]]
    do throws(EditRefusal) { cards = try change.editing.cards(of: names, like: like, in: change.text) } catch {
      throw change.told(error)
    }
    return try names.indices.map { index in
      try values(
        texts, of: names[index], index, count: names.count, cards: cards[index], in: change.text.file)
    }
  }

  /// The values of one of them.
  ///
  /// - Parameter index: its place among them, by which addresses count up.
  private static func values(
    _ texts: [String], of name: HostID, _ index: Int, count: Int, cards: [String], in file: String
  ) throws -> [NodeValue] {
    var seen: Set<NodeValue.Key> = []
    return try texts.map { text in
      let (word, value) = try parts(text)
      guard let key = NodeValue.Key(word, cards: cards), seen.insert(key).inserted else {
        throw Failure(
          "`\(word.visibleLine)` cannot be set for \(name) by command, or is said twice",
          next:
            "Keys are: \(NodeValue.Key.words(cards).joined(separator: ", ")). Write others into \(file).",
          status: .refused)
      }
      if value.isEmpty { return NodeValue(key, nil) }
      guard let result = NodeValue.counted(key, value, index), count == 1 || value.hasSuffix("+") || !key.isOfOneNode
      else {
        throw Failure(
          "`\(value.visibleLine)` is no value of \(word.visibleLine) for \(count == 1 ? "\(name)" : "\(count) nodes")",
          next: key.isOfOneNode
            ? "Write one address; with `+` at its end it counts up with the names of several nodes."
            : "state is in or out, and image the name of an image.", status: .refused)
      }
      return result
    }
  }
}
