// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The house rules that a compiler does not check. Exceptions are few and say why.
@Suite struct TidyTests {
  @Test func everyFileNamesItsLicence() {
    expectNone(
      SourceFile.all.filter { $0.lines.first != "// SPDX-License-Identifier: Apache-2.0" }.map {
        Finding(path: $0.path, line: 1, text: "the first line is not the SPDX line")
      })
  }

  @Test func linesFitTheScreen() {
    expectNone(
      SourceFile.all.flatMap { file in
        file.widths.enumerated().filter { $0.element > 120 }.map {
          Finding(path: file.path, line: $0.offset + 1, text: "\($0.element) columns without strings; 120 are allowed")
        }
      })
  }

  @Test func filesStaySmall() {
    expectNone(
      SourceFile.all.filter { $0.lines.count > 500 }.map {
        Finding(path: $0.path, line: 500, text: "\($0.lines.count) lines; split it by aspect")
      })
  }

  @Test func functionsStaySmall() {
    expectNone(SourceFile.all.flatMap(Functions.tooLong))
  }

  @Test func nothingIsForced() {
    let forced = /\b(try!|as!|fatalError\()|[A-Za-z0-9_\)\]]!([\.\)\],;:]|\s*$)/
    expectNone(
      findings { file, _, code in
        guard file.path.hasPrefix("Sources/"), code.firstMatch(of: forced) != nil else { return nil }
        return "force: say what happens otherwise"
      })
  }

  @Test func nothingIsUncheckedOrUnsafe() {
    let allowed = Set(Exceptions.unchecked.keys)
    expectNone(
      findings { file, _, code in
        guard code.contains("@unchecked Sendable") || code.contains("nonisolated(unsafe)"), !allowed.contains(file.path)
        else { return nil }
        return "unchecked concurrency: name it among the exceptions, with the reason"
      })
  }

  @Test func noFileSpeaksOfWhereItWasMade() {
    let words = ["/work" + "/wt", "/work" + "/shared", "/work" + "/main"]
    expectNone(findings { _, line, _ in words.first { line.contains($0) }.map { "names a private place: \($0)" } })
  }

  @Test func noShellRunsOurPrograms() {
    expectNone(
      findings { file, line, _ in
        guard file.path.hasPrefix("Sources/"), !Exceptions.shell.keys.contains(file.path) else { return nil }
        let shells = ["\"/bin/sh\"", "\"sh\"", "\"bash\"", "\"/bin/bash\"", "\"/usr/bin/env\""]
        return shells.first { line.contains($0) }.map { "runs a shell (\($0)); give a program its arguments" }
      })
  }

  @Test func exceptionsAreStillNeeded() {
    let paths = Set(SourceFile.all.map(\.path))
    for path in Exceptions.all where !paths.contains(path) { Issue.record("there is no \(path) any more") }
  }

  private func findings(_ rule: (SourceFile, String, String) -> String?) -> [Finding] {
    SourceFile.all.flatMap { file in
      zip(file.lines, file.code).enumerated().compactMap { index, line in
        rule(file, line.0, line.1).map { Finding(path: file.path, line: index + 1, text: $0) }
      }
    }
  }
}

func expectNone(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
  guard !findings.isEmpty else { return }
  let list = findings.map { "  \($0)" }.joined(separator: "\n")
  Issue.record("\(findings.count) places:\n\(list)", sourceLocation: sourceLocation)
}
