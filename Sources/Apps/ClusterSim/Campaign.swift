// SPDX-License-Identifier: Apache-2.0
import Foundation
import Simulation
import Synchronization

/// Many seeds, in a few processes: one that crashes takes no other along, and tells which seed it was.
final class Campaign: Sendable {
  struct Failure: Sendable {
    var seed: UInt64
    /// The program crashed, rather than break a rule.
    var trapped: Bool
  }

  private struct State {
    var next: UInt64
    var passed = 0
    var failures: [Failure] = []
    var told = 0
  }

  private let portion: UInt64
  /// More failures say nothing more.
  private static let enough = 200

  private let range: Range<UInt64>
  private let jobs: Int
  private let state: Mutex<State>
  private let began = ContinuousClock.now

  init(_ range: Range<UInt64>, jobs: Int) {
    self.range = range
    self.jobs = jobs
    // What undisturbed runs come to, each process finds out for itself: that takes as long as two thousand seeds.
    portion = max(1, min(100_000, UInt64(range.count) / UInt64(jobs)))
    state = Mutex(State(next: range.lowerBound))
  }

  var passed: Int { state.withLock { $0.passed } }
  var failures: [Failure] { state.withLock { $0.failures } }

  func run() {
    DispatchQueue.concurrentPerform(iterations: jobs) { _ in
      while let portion = take() { work(portion) }
    }
    tell(atEnd: true)
  }

  private func take() -> Range<UInt64>? {
    state.withLock { state in
      guard state.next < range.upperBound, state.failures.count < Self.enough else { return nil }
      let portion = state.next..<min(state.next + self.portion, range.upperBound)
      state.next = portion.upperBound
      return portion
    }
  }

  private func work(_ portion: Range<UInt64>) {
    var seed = portion.lowerBound
    while seed < portion.upperBound {
      let worker = Process()
      worker.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      worker.arguments = ["--worker", "--seed", "\(seed)", "--seeds", "\(portion.upperBound - seed)"]
      let pipe = Pipe()
      worker.standardOutput = pipe
      do { try worker.run() } catch {
        note(Failure(seed: seed, trapped: true))
        return
      }
      seed = read(pipe.fileHandleForReading, from: seed)
      worker.waitUntilExit()
      // It told of every seed that it came to the end of.
      if seed < portion.upperBound {
        note(Failure(seed: seed, trapped: true))
        seed += 1
      }
    }
  }

  /// The first seed that it did not tell of.
  private func read(_ output: FileHandle, from first: UInt64) -> UInt64 {
    var seed = first
    var rest: Data = Data()
    while true {
      let bytes = output.availableData
      if bytes.isEmpty { return seed }
      rest += bytes
      while let end = rest.firstIndex(of: 10) {
        if rest[rest.startIndex..<end] == Data("passed".utf8) {
          state.withLock { $0.passed += 1 }
        } else {
          note(Failure(seed: seed, trapped: false))
        }
        rest = Data(rest[rest.index(after: end)...])
        seed += 1
      }
      tell(atEnd: false)
    }
  }

  private func note(_ failure: Failure) { state.withLock { $0.failures.append(failure) } }

  /// Progress, every tenth of the way.
  private func tell(atEnd: Bool) {
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    let line = state.withLock { state -> String? in
      let done = state.passed + state.failures.count
      let tenth = range.isEmpty ? 10 : done * 10 / range.count
      guard tenth > state.told || atEnd else { return nil }
      state.told = tenth
      return "\(done) of \(range.count) seeds, \(Int(Double(done) / max(seconds, 0.001))) a second"
        + (state.failures.isEmpty ? "" : ", \(state.failures.count) failed")
    }
    if let line { FileHandle.standardError.write(Data((line + "\n").utf8)) }
  }
}

/// The work of one process of a campaign: one seed after the other, each told on its own line as soon as it is over.
enum Worker {
  static func run(_ first: UInt64, _ count: Int) throws {
    for seed in first..<(first + UInt64(count)) {
      let failed = try Scenario(seed: seed).run().violation != nil
      FileHandle.standardOutput.write(Data((failed ? "failed\n" : "passed\n").utf8))
    }
  }
}
