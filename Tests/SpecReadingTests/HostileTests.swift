// SPDX-License-Identifier: Apache-2.0
import Wings
import ClusterModel
import Diagnostics
import SpecReading
import TestKit
import Testing

/// Input that is too large, or too odd, to keep in a file: a clear error in bounded time and memory.
@Suite struct HostileTests {
  private func expectGolden(_ bytes: [UInt8], _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let reading = SpecReader.read(bytes, file: "spec.yaml", keys: WingCatalog.keys)

    #expect(reading.cluster == nil, sourceLocation: sourceLocation)
    // Only the beginning is shown, and splitting the whole into lines takes its time.
    TestKit.expectGolden(
      rendered(reading, Array(bytes.prefix(4000))), at: "cases/\(name)/diagnostics.txt", sourceLocation: sourceLocation)
  }

  @Test func aFileOf100MegabytesIsRefusedUnread() {
    let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 100 << 20)
    let clock = ContinuousClock()

    let time = clock.measure { _ = SpecReader.read(bytes, file: "spec.yaml", keys: WingCatalog.keys) }

    #expect(time < .milliseconds(100))
    expectGolden(bytes, "hostile-100-megabytes")
  }

  @Test(.timeLimit(.minutes(1))) func anAliasBombIsRefused() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...30 {
      text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
    }
    expectGolden(Array(text.utf8), "hostile-alias-bomb")
  }

  @Test func invalidUTF8IsReportedAtItsPlace() {
    let bytes =
      Array("version: 1\ncluster: é".utf8) + [0xff, 0xfe] + Array("\ndomain: ".utf8) + [0xc3, 0x28, 0xed, 0xa0, 0x80]
    expectGolden(bytes, "hostile-invalid-utf8")
  }

  @Test func nulAndInvisibleCharactersAreReported() {
    expectGolden(
      Array("version: 1\ncluster: al\u{0}ps\ndomain: alps\u{202e}gro.elpmaxe\n# \u{1b}[31m red\u{7f}\n".utf8),
      "hostile-control-characters")
  }

  @Test func deepNestingIsRefused() {
    expectGolden(Array(("version: 1\nnodes: " + String(repeating: "[", count: 100_000)).utf8), "hostile-deep-lists")
    let block = (0..<200).map { String(repeating: "  ", count: $0) + "a:" }.joined(separator: "\n")
    expectGolden(Array(block.utf8), "hostile-deep-mappings")
  }

  @Test(.timeLimit(.minutes(1))) func aFileFullOfProblemsGivesABoundedReport() {
    let text = (0..<20_000).map { "key\($0): [a, b]" }.joined(separator: "\n")
    let reading = SpecReader.read(Array(text.utf8), file: "spec.yaml", keys: WingCatalog.keys)

    #expect(reading.diagnostics.count == 501)
    #expect(reading.diagnostics.last?.code == .tooManyProblems)
  }

  @Test(.timeLimit(.minutes(1))) func millionsOfValuesAreRefused() {
    let text = "x: [" + String(repeating: "1,", count: 1_000_001) + "]"
    expectGolden(Array(text.utf8), "hostile-too-many-values")
  }

  @Test(.timeLimit(.minutes(1))) func declarationsOfTagsAreRefusedBeforeTheParser() {
    let text = (0..<100_000).map { "%TAG !t\($0)! tag:x,2026:\n" }.joined() + "---\nversion: 1\n"
    let reading = SpecReader.read(Array(text.utf8), file: "spec.yaml", keys: WingCatalog.keys)

    #expect(reading.diagnostics.count == 20)
    #expect(reading.diagnostics.allSatisfy { $0.code == .tag })
  }

  @Test(.timeLimit(.minutes(1))) func manyAnchorsTakeLinearTime() {
    let text = "version: 1\nx:\n" + (0..<50_000).map { "  - &a\($0) *a\(max(0, $0 - 1))\n" }.joined()
    #expect(SpecReader.read(Array(text.utf8), file: "spec.yaml", keys: WingCatalog.keys).cluster == nil)
  }

  @Test func aByteOrderMarkIsSkipped() throws {
    let bytes = [0xef, 0xbb, 0xbf] + (try bytes(of: "cases/valid-small/spec.yaml"))
    let reading = SpecReader.read(bytes, file: "spec.yaml", keys: WingCatalog.keys)

    #expect(reading.cluster?.name == "tiny")
    #expect(reading.cluster?.source.column == 1)
  }

  @Test func aPasswordIsNotShownAnywhere() throws {
    let bytes = try bytes(of: "cases/literal-password/spec.yaml")
    let text = rendered(SpecReader.read(bytes, file: "spec.yaml", keys: WingCatalog.keys), bytes)

    #expect(!text.contains("hunter2"))
    #expect(!text.contains("horse"))
  }
}
