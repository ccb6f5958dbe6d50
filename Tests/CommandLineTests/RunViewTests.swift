// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import HostAccess
import Planning
import TestKit
import Testing

@testable import cluster

/// What a person sees of a run: events and times in, text out.
@Suite struct RunViewTests {
  /// A run of ten steps: an image, four nodes at different stages, a failure and what it blocks.
  private static func view(until end: Double = 100) -> (view: RunView, lines: [String]) {
    let steps =
      [Sample.file("a"), Sample.file("b"), Sample.image] + (1...4).map(Sample.node) + [
        Sample.file("c"), Sample.file("d"),
      ]
    let estimate = RunEstimate(
      seconds: Dictionary(uniqueKeysWithValues: steps.map { ($0.id, $0.operation.isLong ? 60 : 1) }), total: 120)
    var view = RunView(steps: steps.count, estimate: estimate)
    var lines: [String] = []
    var events: [(Double, RunEvent)] = [
      (0, .began(RunToken(run: "20261121-100434-961679", generation: 3, holder: "me"), steps: steps.count)),
      (0.1, .started(steps[0])), (0.2, .finished(Sample.done(steps[0], 0.1))),
      (0.2, .started(steps[1])), (0.4, .finished(Sample.failed(steps[1]))),
      (0.4, .blocked(Sample.blocked(steps[8], by: steps[1]))), (0.5, .started(steps[2])),
      (3, .progress(steps[2].id, "I: extracting packages")), (9, .progress(steps[2].id, "I: extracting packages")),
    ]
    for step in steps[3...6] { events.append((10, .started(step))) }
    events += [
      (12, .progress(steps[3].id, "node001 is on: waiting for it")),
      (12, .progress(steps[4].id, "node002 is on: waiting for it")),
      (14, .progress(steps[5].id, "node003: it fetched compute/0123456789abcdef")),
      (
        16,
        .expecting([
          steps[3].id: Wait(seen: "node001: switched on", age: 4, left: 596),
          steps[4].id: Wait(seen: "node002: switched on", age: 3, left: 597),
          steps[5].id: Wait(seen: "node003: fetched its image", age: 2, left: 178),
        ])
      ),
      (30.5, .finished(Sample.done(steps[6], 20.5))),
      (31, .retrying(steps[3].id, attempt: 2, of: 10, Sample.silent, after: .seconds(1))),
      (32, .leaseInDoubt("head2", Sample.silent)), (33, .stopping("stopped by the administrator")),
    ]
    for (time, event) in events where time <= end {
      if view.take(event, at: time) { lines += view.lines(for: event).map { RunView.timed($0, at: time) } }
    }
    return (view, lines)
  }

  @Test func plainLinesTellEachEventOnce() {
    expectGolden(Self.view().lines.joined(separator: "\n") + "\n", at: "cases/plain.txt")
  }

  @Test func theTableShowsWhatRunsAndHowMuchIsLeft() {
    var text = ""
    for (time, columns, rows) in [(0.3, 80, 24), (20.0, 100, 24), (20.0, 40, 24), (20.0, 100, 8), (40.0, 100, 24)] {
      let table = Self.view(until: time).view.table(at: time, columns: columns, rows: rows, colour: false)
      text += "== after \(time) s, \(columns) by \(rows)\n" + table.joined(separator: "\n") + "\n"
      #expect(table.allSatisfy { $0.count < columns })
      #expect(table.count <= rows - 2)
    }
    expectGolden(text, at: "cases/table.txt")
  }

  @Test func withoutAnEstimateNothingIsPromised() {
    var view = RunView(steps: 2)
    _ = view.take(.began(RunToken(run: "r", generation: 1, holder: "me"), steps: 2), at: 0)

    #expect(view.left(at: 1) == nil)
    #expect(!view.table(at: 1, columns: 80, rows: 24, colour: false)[0].contains("left"))
  }

  /// What programs on hosts print must not move the cursor.
  @Test func controlCharactersDoNotReachTheTerminal() {
    var view = RunView(steps: 1)
    _ = view.take(.started(Sample.image), at: 0)
    _ = view.take(.progress(Sample.image.id, "\u{1b}[2Jgone\rover\u{7f}"), at: 1)

    let table = view.table(at: 1, columns: 80, rows: 24, colour: false).joined()

    #expect(table.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
  }

  /// A terminal that understands the few sequences used shows the last frame below what was printed above it.
  @Test(arguments: [80, 33, 20])
  func framesReplaceEachOther(_ narrower: Int) {
    var table = LiveTable()
    var screen = Screen(columns: 80)
    screen.take(table.frame(above: ["first"], ["one", String(repeating: "x", count: 70)], columns: 80))
    screen.take(table.frame(above: [], ["two"], columns: 80))
    #expect(screen.text == ["first", "two"])
    screen.take(table.frame(above: ["second"], [String(repeating: "y", count: 60), "z"], columns: 80))
    screen.resize(to: narrower)
    screen.take(table.frame(above: [], ["three"], columns: narrower))
    #expect(screen.text == ["first", "second", "three"])
    #expect(!screen.showsCursor)

    screen.take(table.end(columns: narrower))

    #expect(screen.text == ["first", "second"])
    #expect(screen.showsCursor)
    #expect(table.end(columns: 80).isEmpty, "once is enough")
  }
}
