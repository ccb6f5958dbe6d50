// SPDX-License-Identifier: Apache-2.0
import Wings
import ClusterModel
import Diagnostics
import SpecForms
import SpecReading
import TestKit
import Testing

/// What holds for every spec, tried with random ones. A failure prints the seed that repeats it.
@Suite struct PropertyTests {
  /// Top-level blocks of the example may come in any order.
  @Test func theOrderOfKeysIsIrrelevant() throws {
    var random = SeededGenerator()
    let text = String(decoding: try bytes(of: "../../cluster.yaml"), as: UTF8.self)
    let blocks = Self.blocks(text)
    let expected = try #require(SpecReader.read(Array(text.utf8), file: "a", keys: WingCatalog.keys).cluster)

    for _ in 0..<20 {
      let shuffled = blocks.shuffled(using: &random).joined()
      let cluster = try #require(SpecReader.read(Array(shuffled.utf8), file: "a", keys: WingCatalog.keys).cluster)
      #expect(Self.withoutPlaces(cluster) == Self.withoutPlaces(expected))
    }
  }

  @Test func foldingNamesAndReadingThemBackGivesTheSameNames() throws {
    var random = SeededGenerator()
    for _ in 0..<200 {
      let prefix = ["node", "rack1n", "a-b", "x9y"].randomElement(using: &random) ?? "node"
      let width = Int.random(in: 1...4, using: &random)
      let numbers = Set(
        (0..<Int.random(in: 1...40, using: &random)).map { _ in Int.random(in: 0...300, using: &random) })
      let names = numbers.map { number in
        let digits = String(number)
        return HostID(prefix + String(repeating: "0", count: max(0, width - digits.count)) + digits)
      }

      let folded = HostlistText.fold(names)

      #expect(try Self.expanded(folded) == Set(names), "\(folded)")
    }
  }

  @Test func randomBytesNeverCrashTheReader() {
    var random = SeededGenerator()
    for _ in 0..<200 {
      let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let reading = SpecReader.read(bytes, file: "spec.yaml", keys: WingCatalog.keys)
      #expect(reading.cluster == nil)
      #expect(!rendered(reading, bytes).isEmpty)
    }
  }

  /// Small damage to a good spec: a byte changed, doubled or lost. Every problem must be shown at a place in the file.
  @Test func aDamagedSpecNeverCrashesTheReader() throws {
    var random = SeededGenerator()
    let good = try bytes(of: "cases/valid-everything/spec.yaml")
    let interesting = Array("[]{}:,-*&!|>%@`\"'#\t\n\r 019az+.\u{0}".utf8)
    for _ in 0..<300 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[index] = interesting.randomElement(using: &random) ?? 0
        case 1: bytes.insert(interesting.randomElement(using: &random) ?? 0, at: index)
        default: bytes.remove(at: index)
        }
      }
      let reading = SpecReader.read(bytes, file: "spec.yaml", keys: WingCatalog.keys)
      #expect((reading.cluster == nil) == reading.diagnostics.contains { $0.severity == .error })
      let lines = SourceText(file: "spec.yaml", bytes: bytes).lineCount
      for span in reading.diagnostics.flatMap({ [$0.span] + $0.notes.map(\.span) }) {
        #expect((1...lines).contains(span.line) && span.column >= 1)
        #expect((span.endLine, span.endColumn) >= (span.line, span.column))
      }
      _ = rendered(reading, bytes)
    }
  }

  /// The top-level entries, each with its lines.
  private static func blocks(_ text: String) -> [String] {
    var blocks: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.first.map({ $0.isLetter }) ?? false || blocks.isEmpty { blocks.append("") }
      blocks[blocks.count - 1] += line + "\n"
    }
    return blocks
  }

  /// The dump without "at LINE:COLUMN", whose lines come in the order of the model.
  private static func withoutPlaces(_ cluster: Cluster) -> [String] {
    ClusterDump(cluster).text.split(separator: "\n").map { line in
      String(line.split(separator: " at ", omittingEmptySubsequences: false).first ?? "")
    }
  }

  private static func expanded(_ hostlist: String) throws -> Set<HostID> {
    let spec = """
      version: 1
      cluster: c
      domain: d
      networks: { n: { cidr: 10.0.0.0/8, serves: [dhcp, boot] } }
      heads: { h: { nics: { eth0: { network: n, address: 10.0.0.1 } } } }
      images: { i: { release: debian/bookworm } }
      nodes:
        - names: \(hostlist)
          image: i
          nics: { eth0: { network: n, address: 10.1.0.1+, mac: 52:54:00:00:00:01+ } }
      """
    let reading = SpecReader.read(Array(spec.utf8), file: "spec.yaml", keys: WingCatalog.keys)
    return Set(try #require(reading.cluster, "\(reading.diagnostics)").nodes.map(\.name))
  }
}
