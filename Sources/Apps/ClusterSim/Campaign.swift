// SPDX-License-Identifier: Apache-2.0
import Foundation
import Simulation
import Synchronization

/// Many seeds, several at once, in a process of their own: one that crashes does not take the campaign along.
///
/// Threads of one process share what undisturbed runs come to, which takes as long to find out as two thousand seeds.
final class Campaign: Sendable {
  struct Failure: Sendable {
    var seed: UInt64
    /// The program crashed, rather than break a rule.
    var trapped: Bool
  }

  private struct State {
    /// The first seed whose end is not known. Later ones may be known.
    var open: UInt64
    var ended: Set<UInt64> = []
    var failures: [Failure] = []
    var told = 0
  }

  /// More failures say nothing more.
  private static let enough = 200

  private let range: Range<UInt64>
  private let jobs: Int
  private let state: Mutex<State>
  private let began = ContinuousClock.now

  init(_ range: Range<UInt64>, jobs: Int) {
    self.range = range
    self.jobs = jobs
    state = Mutex(State(open: range.lowerBound))
  }

  var passed: Int { state.withLock { $0.ended.count - $0.failures.count } }
  var failures: [Failure] { state.withLock { $0.failures } }
  private var open: UInt64 { state.withLock { $0.open } }

  func run() {
    var threads = jobs
    while open < range.upperBound, failures.count < Self.enough {
      let isWhole = work(open..<range.upperBound, threads)
      if isWhole { break }
      // Which of several seeds has crashed is seen when they come one after the other.
      if threads == 1 { note(open, .init(seed: open, trapped: true)) }
      threads = threads == 1 ? jobs : 1
    }
    tell(atEnd: true)
  }

  /// Whether the process came to the end of its seeds.
  private func work(_ seeds: Range<UInt64>, _ threads: Int) -> Bool {
    let worker = Process()
    worker.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    worker.arguments = [
      "--worker", "--seed", "\(seeds.lowerBound)", "--seeds", "\(seeds.count)", "--jobs", "\(threads)",
    ]
    let pipe = Pipe()
    worker.standardOutput = pipe
    do { try worker.run() } catch { return false }
    read(pipe.fileHandleForReading)
    worker.waitUntilExit()
    return open >= seeds.upperBound
  }

  private func read(_ output: FileHandle) {
    var rest = Data()
    while case let bytes = output.availableData, !bytes.isEmpty {
      rest += bytes
      while let end = rest.firstIndex(of: 10) {
        let words = String(decoding: rest[rest.startIndex..<end], as: UTF8.self).split(separator: " ")
        rest = Data(rest[rest.index(after: end)...])
        guard words.count == 2, let seed = UInt64(words[0]) else { continue }
        note(seed, words[1] == "passed" ? nil : .init(seed: seed, trapped: false))
      }
      tell(atEnd: false)
    }
  }

  /// After a crash seeds may be done once more; the first end of each counts.
  private func note(_ seed: UInt64, _ failure: Failure?) {
    state.withLock { state in
      guard state.ended.insert(seed).inserted else { return }
      if let failure { state.failures.append(failure) }
      while state.ended.contains(state.open) { state.open += 1 }
    }
  }

  /// Progress, every tenth of the way.
  private func tell(atEnd: Bool) {
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    let line = state.withLock { state -> String? in
      let done = state.ended.count
      let tenth = range.isEmpty ? 10 : done * 10 / range.count
      guard tenth > state.told || atEnd else { return nil }
      state.told = tenth
      return "\(done) of \(range.count) seeds, \(Int(Double(done) / max(seconds, 0.001))) a second"
        + (state.failures.isEmpty ? "" : ", \(state.failures.count) failed")
    }
    if let line { FileHandle.standardError.write(Data((line + "\n").utf8)) }
  }
}

/// The work of a campaign's process: each seed is told on a line of its own as soon as it is over.
enum Worker {
  static func run(_ seeds: Range<UInt64>, _ threads: Int) throws {
    let next = Mutex(seeds.lowerBound)
    let problem = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while let seed = take(from: next, before: seeds.upperBound) {
        do {
          let failed = try Scenario(seed: seed).run().violation != nil
          FileHandle.standardOutput.write(Data("\(seed) \(failed ? "failed" : "passed")\n".utf8))
        } catch { return problem.withLock { $0 = error } }
      }
    }
    if let problem = problem.withLock({ $0 }) { throw problem }
  }

  private static func take(from next: borrowing Mutex<UInt64>, before end: UInt64) -> UInt64? {
    next.withLock { next in
      guard next < end else { return nil }
      defer { next += 1 }
      return next
    }
  }
}
