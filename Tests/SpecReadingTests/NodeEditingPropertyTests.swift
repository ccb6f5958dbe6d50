// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecReading
import TestKit
import Testing
import Wings

/// Any edit of any notation: what is read afterwards is the old model and exactly the change, and bytes that do not say
/// it are the same, in their order.
@Suite struct NodeEditingPropertyTests {
  /// A site in one of many notations.
  private struct Drawn {
    var text: DescriptionText
    var nodes: [ComputeNode]

    init(_ random: inout SeededGenerator) throws {
      func any(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }
      let (end, mark) = (any(["\n", "\r\n"]), any(["", "\u{feff}"]))
      let (note, blank) = (any(["", "   # Größe ∞ { } [a, b]", " # node001: 10.1.1.1+"]), any(["", "\n"]))
      let quote = any(["", "\"", "'"])
      let count = Int.random(in: 1...4, using: &random)
      let (name, address) = (
        count == 1 ? any(["node001", "node[001]"]) : "node[001-00\(count)]",
        any(count == 1 ? ["10.1.1.1", "10.1.1.1+"] : ["10.1.1.1+"])
      )
      let mac = any(["", "mac: 52:54:00:00:01:01+"])
      let block = Bool.random(using: &random)
      let flow = ["network: private", "address: \(quote)\(address)\(quote)", mac].filter { !$0.isEmpty }
      let card =
        block
        ? "\n" + flow.map { "          \($0)\(note)" }.joined(separator: "\n")
        : " { " + flow.joined(separator: any([", ", ","])) + " }\(note)"
      let lines = """
          - names: \(quote)\(name)\(quote)\(note)
            image: compute\(note)
        \(blank)    nics:
              eth0:\(card)

        """
      // In braces a hostlist is in quotes: its brackets would be a list.
      let braces =
        "  - { image: compute, names: \"\(name)\", nics: { eth0: { \(flow.joined(separator: ", ")) } } }\(note)\n"
      let first = Bool.random(using: &random) ? lines : braces
      let separator = any([",", ";", "\t"])
      let header = ["name", "mac", "address"].joined(separator: separator)
      let rows = (1...Int.random(in: 1...4, using: &random)).map { index in
        let cells = [
          "owl00\(index)", any(["", "0030.48c6.1b0\(index)", "00:30:48:C6:1B:0\(index)"]), "10.1.2.\(index)",
        ]
        return cells.map { any(["", "\""]) == "" ? $0 : "\"\($0)\"" }.joined(separator: separator)
          + any(["", "  "])
      }
      let table =
        (["# from the vendor", header] + rows.flatMap { [any(["# rack", $0]), $0] }).reduce(into: [String]()) {
          if $0.last != $1 { $0.append($1) }
        }.joined(separator: end) + any(["", end])
      let groups = [
        first, "  - table: owls.csv\(note)\n    image: compute\n    nics: { eno1: { network: private } }\n",
      ]
      let yaml = """
        version: 1\(note)
        cluster: alps
        domain: alps.example.org
        networks: { private: { cidr: 10.1.0.0/16, serves: [dhcp, boot] } }
        heads: { head1: { nics: { eth0: { network: private, address: 10.1.0.1 } } } }
        images: { compute: { release: debian/bookworm }, gpu: { release: debian/bookworm } }
        nodes:
        \(groups.shuffled(using: &random).joined())# end\(note)

        """.replacing("\n", with: end)
      text = DescriptionText(
        file: "s.yaml", bytes: Array((mark + yaml).utf8), tables: ["owls.csv": Array((mark + table).utf8)])
      nodes = try Self.read(text)
    }

    static func read(_ text: DescriptionText) throws -> [ComputeNode] {
      let reading = SpecReader.read(text.bytes, file: text.file, keys: WingCatalog.keys, tables: text.tables)
      let problems = reading.diagnostics.filter { $0.severity == .error }.map(\.detail)
      return try #require(reading.cluster, "\(problems)\n\(String(decoding: text.bytes, as: UTF8.self))").nodes.map {
        var node = $0
        node.source = .init(file: "", line: 1, column: 1, endLine: 1, endColumn: 1)
        for index in node.nics.indices { node.nics[index].source = node.source }
        return node
      }
    }
  }

  /// What is left of `after` when the lines that an edit may touch are put aside, against the same of `before`.
  private static func untouched(_ before: [UInt8], _ after: [UInt8], touching words: [String]) -> Bool {
    func lines(_ bytes: [UInt8]) -> [String] {
      String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        .filter { line in
          // A comment stays where its line has gone: they are counted.
          !words.contains { line.contains($0) } && !line.trimmingPrefix(while: \.isWhitespace).hasPrefix("#")
        }
    }
    return lines(before) == lines(after)
  }

  @Test func whatIsReadIsTheOldModelAndTheChange() throws {
    var random = SeededGenerator()
    let editing = NodeEditing(keys: WingCatalog.keys)
    var edits = 0
    for _ in 0..<150 {
      let drawn = try Drawn(&random)
      guard let node = drawn.nodes.randomElement(using: &random), let card = node.nics.first else { continue }
      var (expected, after): ([ComputeNode], DescriptionText) = (drawn.nodes, drawn.text)
      let index = try #require(expected.firstIndex(of: node))
      let words = [node.name.name]
      switch Int.random(in: 0..<5, using: &random) {
      case 0:
        expected[index].nics[0].mac = MACAddress(bits: 0x5254_0000_0999)
        after = try editing.set([.init(node.name, .init(.mac(card: card.name), "52:54:00:00:09:99"))], in: drawn.text)
      case 1:
        expected[index].state = .out
        after = try editing.set([.init(node.name, .init(.state, "out"))], in: drawn.text)
      case 2:
        expected[index].image = "gpu"
        after = try editing.set([.init(node.name, .init(.image, "gpu"))], in: drawn.text)
      case 3:
        let value = NodeValue(.address(card: card.name), "10.1.7.7")
        after = try editing.add("new1", like: node.name, [value], to: drawn.text)
        let group = try #require(expected.lastIndex { $0.name.name.prefix(3) == node.name.name.prefix(3) })
        let read = try Drawn.read(after)
        let new = try #require(read.first { $0.name == "new1" })
        #expect(new.nics[0].address == IPv4Address("10.1.7.7"), "seed \(random.seed)")
        expected.insert(new, at: group + 1)
      default:
        guard drawn.nodes.count(where: { $0.name.name.prefix(3) == node.name.name.prefix(3) }) > 1 else { continue }
        expected.remove(at: index)
        after = try editing.remove([node.name], from: drawn.text)
      }
      edits += 1
      #expect(try Drawn.read(after) == expected, "seed \(random.seed)")
      // Lines of the node, of its group's names, and those that count for them, are all that may differ.
      let own = words + ["new1", "name", "nodes.csv", "network: private", "10.1.1.1", "mac:", "image: ", "state:"]
      #expect(
        Self.untouched(drawn.text.bytes, after.bytes, touching: own),
        "seed \(random.seed)\n\(String(decoding: after.bytes, as: UTF8.self))")
      let comments = { (bytes: [UInt8]) in bytes.count { $0 == UInt8(ascii: "#") } }
      #expect(comments(after.bytes) == comments(drawn.text.bytes), "seed \(random.seed)")
      let rows = after.tables["owls.csv"] ?? []
      let isOwl = node.name.name.hasPrefix("owl")
      #expect(isOwl || rows == drawn.text.tables["owls.csv"], "seed \(random.seed)")
      #expect(
        Self.untouched(drawn.text.tables["owls.csv"] ?? [], rows, touching: words + ["new1", "name", "10.1.2."])
          || (drawn.text.tables["owls.csv"] ?? []).last != UInt8(ascii: "\n"), "seed \(random.seed)")
    }
    #expect(edits > 100)
  }
}
