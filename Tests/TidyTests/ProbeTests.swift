// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A probe is said in one place; the engine and the other wings know none by its name, or go by its type alone.
@Suite struct ProbeTests {
  private static let wings = SourceFile.all.filter { $0.path.hasPrefix("Sources/Wings/") }

  private static func types(_ pattern: Regex<(Substring, Substring)>) -> Set<String> {
    Set(wings.flatMap(\.code).compactMap { $0.firstMatch(of: pattern).map { String($0.1) } })
  }

  private static let probes = types(/struct (\w+): Probe \{/)
  private static let kinds = types(/enum (\w+): ResourceKind \{/)
  private static let operations = types(/struct (\w+): (?:Host|Goal)Operation \{/)

  @Test func theEngineNamesNoProbeKindOperationOrErrand() {
    let errands = Self.types(/struct (\w+): Errand \{/)
    let names = Self.probes.union(Self.kinds).union(Self.operations).union(errands)
    #expect(Self.probes.count > 10 && Self.kinds.count > 10 && Self.operations.count > 10)
    expectNone(
      findings(in: "Sources/Flow/") { _, code in
        code.matches(of: /\w+/).first { names.contains(String($0.output)) }
          .map { "names \($0.output): let its wing say what it means" }
      })
  }

  @Test func theEngineNamesNoUnit() {
    expectNone(
      findings(in: "Sources/Flow/") { line, code in
        guard !line.drop(while: { $0 == " " }).hasPrefix("//"), line.contains(/"\w[\w@-]*\.(service|socket|timer)/)
        else {
          return nil
        }
        return "names a unit: let its wing say what it does"
      })
  }

  /// Whoever asks a probe gets its own type of answer; who passes probes on does not look at them.
  @Test func nobodyBranchesOverProbes() {
    let branch = /\b(as\??|is)\s+(\w+Probe)\b/
    expectNone(
      findings(in: "Sources/") { _, code in
        code.firstMatch(of: branch).flatMap { Self.probes.contains(String($0.2)) ? $0.2 : nil }
          .map { "branches over \($0): say it in the probe's own type" }
      })
  }

  /// What `docs/howto/add-a-probe.md` lists is what every probe has.
  @Test func everyProbeIsInTheFilesOfTheHowto() throws {
    let page = SourceFile.root.appending(path: "docs/howto/add-a-probe.md")
    let rows = try String(contentsOf: page, encoding: .utf8).matches(
      of: /\n\| `(?<folder>[^`]+)` \| `(?<text>[^`]+)` \|/)
    #expect(rows.count == 5)
    for row in rows {
      let files = SourceFile.all.filter { $0.path.hasPrefix(String(row.folder)) }
      #expect(!files.isEmpty, "there is no \(row.folder)")
      for probe in Self.probes.sorted() {
        let text = row.text.replacing("NameProbe", with: probe)
        #expect(files.contains { $0.code.contains { $0.contains(text) } }, "\(row.folder): no \(text)")
      }
    }
  }

  private func findings(in folder: String, _ rule: (String, String) -> String?) -> [Finding] {
    SourceFile.all.filter { $0.path.hasPrefix(folder) }.flatMap { file in
      zip(file.lines, file.code).enumerated().compactMap { index, line in
        rule(line.0, line.1).map { Finding(path: file.path, line: index + 1, text: $0) }
      }
    }
  }
}
