// SPDX-License-Identifier: Apache-2.0
import Testing

/// README.md and Sources/README.md say that the order of a run stands on one screen, and only there.
@Suite struct SpineTests {
  private static let path = "Sources/Flow/0-Reconcile/Reconciler.swift"

  /// The body of `converge`.
  private static func spine() throws -> [String] {
    let file = try #require(SourceFile(path))
    let start = try #require(file.code.firstIndex { $0.contains("func converge(") })
    let end = try #require(file.code[start...].firstIndex { $0 == "  }" })
    return Array(file.code[start...end])
  }

  @Test func theCallsOfARunStandInTheirOrder() throws {
    let order = [
      "settle(", "catchUp(", "observe(", "plan(", "agree(", "holdingLease(", "catchUp(", "observe(", "plan(",
      "recordInterrupted(", "execute(", "lookAgain(", "record(", "distribute(",
    ]
    var rest = try Self.spine()[...]
    for call in order {
      let line = try #require(rest.firstIndex { $0.contains(call) }, "\(call) does not come where it should")
      rest = rest[(line + 1)...]
    }
  }

  @Test func itFitsOnOneScreen() throws {
    #expect(try Self.spine().count <= 40)
  }

  /// Whoever runs something calls it; nobody else knows what follows what. A test may call one step alone.
  @Test func nobodyElseHasTheOrder() {
    let steps = ["settle(", "recordInterrupted(", "holdingLease(", "lookAgain(", "distribute("]
    expectNone(
      SourceFile.all.filter { !$0.path.hasPrefix("Sources/Flow/") && !$0.path.hasPrefix("Tests/TidyTests/") }
        .compactMap { file in
          let called = steps.filter { step in file.code.contains { $0.contains("reconciler." + step) } }
          guard called.count > 1 else { return nil }
          return Finding(path: file.path, line: 1, text: "calls \(called) itself; `converge` has their order")
        })
  }

  @Test func theReadmesPointThere() throws {
    for readme in ["README.md", "Sources/README.md"] {
      let text = try #require(SourceFile(readme)).lines.joined(separator: "\n")
      #expect(text.contains("converge"), "\(readme)")
    }
  }
}
