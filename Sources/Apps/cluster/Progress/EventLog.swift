// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Foundation
import HostAccess
import Synchronization

/// Each event of a run as one line of JSON, written at once: `apply --json-into FILE`. See `docs/events.md`.
final class EventLog: Sendable {
  private struct Line: Encodable {
    struct Flight: Encodable {
      var step: String
      var host: String
      var seconds: Double
      var said: String?
    }

    /// The wait of a step: what was seen last, how many seconds ago, and how long it is waited for at most.
    struct Expected: Encodable {
      var step: String
      var seen: String
      var age: Int
      var left: Int
    }

    var event: String
    /// Seconds since the run began.
    var at: Double
    var run: String?
    var generation: Int?
    var step: String?
    var host: String?
    var operation: String?
    var result: String?
    var detail: String?
    var next: String?
    var seconds: Double?
    var attempt: Int?
    var steps: Int?
    var done: Int?
    var running: [Flight]?
    var expecting: [Expected]?
    var waiting: Int?
    var left: Double?
    var inFlight: [String]?
    /// On machines in memory.
    var simulated: Bool?

    init(_ event: String, _ at: Double, _ fill: (inout Line) -> Void) {
      self.event = event
      self.at = (at * 1000).rounded() / 1000
      fill(&self)
    }
  }

  private let file: Mutex<Int32>
  private let path: String
  private let simulated: Bool

  /// Makes the file, or empties it.
  init(path: String, simulated: Bool = false) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0o644)
    guard file >= 0 else {
      throw Failure(
        "\(path) cannot be written: \(String(cString: strerror(errno)))",
        next: "Give --json-into a file that you can write to.")
    }
    self.file = Mutex(file)
    self.path = path
    self.simulated = simulated
  }

  deinit { _ = file.withLock { close($0) } }

  func write(_ event: RunEvent, at now: Double) { write(Self.line(event, now)) }

  /// That the run is alive, and with what.
  func beat(_ view: RunView, at now: Double) {
    let line = Line("heartbeat", now) { line in
      (line.run, line.steps, line.done, line.waiting) = (view.run, view.total, view.done.count, view.waiting)
      line.running = view.running.map {
        Line.Flight(step: $0.step.id.text, host: $0.step.host.name, seconds: now - $0.since, said: $0.said)
      }
      line.left = view.left(at: now)
    }
    write(line)
  }

  private static func line(_ event: RunEvent, _ now: Double) -> Line {
    switch event {
    case .foundInterrupted(let run):
      Line("found-interrupted", now) {
        ($0.run, $0.inFlight, $0.done, $0.steps) = (run.id, run.inFlight.map(\.text), run.finished, run.total)
      }
    case .lockHeld(let who, let left): Line("lock-held", now) { ($0.detail, $0.seconds) = (who, left / .seconds(1)) }
    case .headSilent(let host, let error, let left):
      Line("head-silent", now) { ($0.host, $0.detail, $0.seconds) = (host.name, "\(error)", left / .seconds(1)) }
    case .without(let host): Line("without-head", now) { $0.host = host.name }
    case .waiting(let host, let change):
      Line("waiting", now) {
        ($0.host, $0.run, $0.detail) = (host.name, change.run, change.what)
        $0.seconds = Double(change.secondsLeft)
      }
    case .began(let token, let steps):
      Line("began", now) { ($0.run, $0.generation, $0.steps) = (token.run, token.generation, steps) }
    case .started(let step):
      Line("started", now) {
        ($0.step, $0.host, $0.operation) = (step.id.text, step.host.name, step.operation.name)
      }
    case .progress(let step, let words): Line("progress", now) { ($0.step, $0.detail) = (step.text, words) }
    case .expecting(let waits):
      Line("expecting", now) { line in
        line.expecting = waits.sorted { $0.key < $1.key }.map {
          Line.Expected(step: $0.key.text, seen: $0.value.seen, age: $0.value.age, left: $0.value.left)
        }
      }
    case .retrying(let step, let attempt, _, let error, let after):
      Line("retrying", now) {
        ($0.step, $0.attempt, $0.detail, $0.seconds) = (step.text, attempt, "\(error)", after / .seconds(1))
      }
    case .unconfirmed(let step, let error, let undoneIn):
      Line("unconfirmed", now) {
        ($0.step, $0.detail, $0.seconds) = (step.text, "\(error)", undoneIn / .seconds(1))
      }
    case .finished(let report): line("finished", report, now)
    case .blocked(let report): line("blocked", report, now)
    case .leaseInDoubt(let host, let error):
      Line("lease-in-doubt", now) { ($0.host, $0.detail, $0.next) = (host.name, "\(error)", error.next) }
    case .stopping(let why): Line("stopping", now) { $0.detail = why }
    case .ended(let outcome):
      Line("ended", now) { ($0.run, $0.result, $0.steps) = (outcome.run, outcome.result.rawValue, outcome.steps.count) }
    }
  }

  private static func line(_ event: String, _ report: StepReport, _ now: Double) -> Line {
    Line(event, now) { line in
      (line.step, line.host, line.result) = (report.step.text, report.host.name, report.word)
      (line.detail, line.next) = (report.detail, report.next)
      (line.seconds, line.attempt) = (report.seconds, report.attempts)
    }
  }

  private func write(_ line: Line) {
    var line = line
    if simulated { line.simulated = true }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard var bytes = try? Array(encoder.encode(line)) else { return }
    bytes.append(UInt8(ascii: "\n"))
    // A line as a whole, or not at all: a reader follows the file while it grows. The run goes on without a reader.
    file.withLock { file in _ = bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) } }
  }
}
