// SPDX-License-Identifier: Apache-2.0
import ClusterModel
@testable import Execution
import Foundation
import HostAccess
import TestKit
import Testing
import Wings

@testable import cluster

@Suite struct EventLogTests {
  /// Every kind of event, in the form that `docs/events.md` describes.
  @Test func eachEventIsOneLineWrittenAtOnce() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "events-\(UUID()).jsonl").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let log = try EventLog(path: path)
    let token = RunToken(run: "r", generation: 2, holder: "me")
    let change = PendingChange(
      id: try PendingChange.ID(run: "q", operation: AnyOperation(EnsureHostname("x"))), run: "q",
      what: "ensureLink eth0", secondsLeft: 9
    )
    let interrupted = InterruptedRun(
      id: "q", generation: 1, holder: "me", startedAt: 0, inFlight: [Sample.image.id], finished: 3, total: 9,
      process: nil)
    let events: [RunEvent] = [
      .lockHeld("run q of me is at work on head1", waitingFor: .seconds(30)), .waiting("head1", change),
      .foundInterrupted(interrupted), .began(token, steps: 2), .started(Sample.image),
      .progress(Sample.image.id, "at it"),
      .retrying(Sample.image.id, attempt: 2, of: 10, Sample.silent, after: .milliseconds(1500)),
      .unconfirmed(Sample.image.id, Sample.silent, undoneIn: .seconds(40)), .leaseInDoubt("head2", Sample.silent),
      .finished(Sample.done(Sample.image, 2)), .finished(Sample.failed(Sample.file("a"))),
      .blocked(Sample.blocked(Sample.file("b"), by: Sample.file("a"))), .stopping("stopped by the administrator"),
      .ended(
        RunOutcome(run: "r", generation: 2, holder: "me", result: .cancelled, startedAt: 0, finishedAt: 1, steps: [])),
    ]
    var view = RunView(steps: 2)

    for (index, event) in events.enumerated() {
      log.write(event, at: Double(index))
      _ = view.take(event, at: Double(index))
      if case .progress = event { log.beat(view, at: Double(index) + 0.5) }
      let written = try String(contentsOfFile: path, encoding: .utf8)
      #expect(written.hasSuffix("\n"))
    }

    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.split(separator: "\n").count == events.count + 1)
    expectGolden(text, at: "cases/events.jsonl")
  }

  @Test func aFileThatCannotBeWrittenIsToldBeforeTheRun() {
    #expect(throws: Failure.self) { try EventLog(path: "/proc/nowhere/events") }
  }
}
