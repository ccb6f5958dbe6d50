// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Asks every target every 50 ms, from the network namespace that this process is in.
package struct Prober {
  private static let interval = Duration.milliseconds(50)
  /// A question without an answer is given up, and asked anew.
  private static let limit = Duration.milliseconds(500)

  private let targets: [ProbeTarget]
  private var attempts: [ProbeAttempt] = []
  private var outages: Outages

  package init(_ targets: [ProbeTarget]) {
    self.targets = targets
    outages = Outages(targets, at: .now)
  }

  /// Runs for a time, and tells every change as it comes.
  package mutating func run(for length: Duration, _ tell: (Outages.Change) -> Void) -> Outages {
    let end = ContinuousClock.now + length
    var next = ContinuousClock.now
    while ContinuousClock.now < end {
      if ContinuousClock.now >= next {
        attempts += targets.compactMap { ProbeAttempt($0) }
        next = .now + Self.interval
      }
      let wait = next - .now
      listen(Int32(max(wait.components.attoseconds / 1_000_000_000_000_000, 1)), tell)
      for change in outages.passed(to: .now) { tell(change) }
    }
    for attempt in attempts { attempt.end() }
    attempts = []
    outages.end(at: .now)
    return outages
  }

  private mutating func listen(_ milliseconds: Int32, _ tell: (Outages.Change) -> Void) {
    var files = attempts.map { pollfd(fd: $0.socket, events: $0.events, revents: 0) }
    poll(&files, nfds_t(files.count), milliseconds)
    let now = ContinuousClock.now
    var kept: [ProbeAttempt] = []
    for (index, file) in files.enumerated() {
      var attempt = attempts[index]
      let progress: ProbeAttempt.Progress = file.revents == 0 ? .waiting : attempt.advance()
      switch progress {
      case .waiting where now - attempt.started < Self.limit: kept.append(attempt)
      case .answered:
        if let change = outages.answered(attempt.target, at: now) { tell(change) }
        attempt.end()
      case .waiting, .failed: attempt.end()
      }
    }
    attempts = kept
  }
}

/// Interruptions, found from the times of answers. An outage lasts from the last answer to the next.
package struct Outages: Sendable {
  package struct Change: Hashable, Sendable {
    package var target: ProbeTarget
    /// The length of the outage that has ended, or nil where one has just begun.
    package var backAfter: Duration?
  }

  /// A question or two may be lost without anybody noticing.
  package static let patience = Duration.milliseconds(250)

  private var lastAnswer: [ProbeTarget: ContinuousClock.Instant] = [:]
  private var down: Set<ProbeTarget> = []
  package private(set) var longest: [ProbeTarget: Duration] = [:]

  package init(_ targets: [ProbeTarget], at start: ContinuousClock.Instant) {
    for target in targets { lastAnswer[target] = start }
  }

  package mutating func answered(_ target: ProbeTarget, at now: ContinuousClock.Instant) -> Change? {
    let gap = lastAnswer[target].map { now - $0 } ?? .zero
    lastAnswer[target] = now
    longest[target] = max(longest[target] ?? .zero, gap)
    return down.remove(target) == nil ? nil : Change(target: target, backAfter: gap)
  }

  /// Targets that stopped answering since the last call.
  package mutating func passed(to now: ContinuousClock.Instant) -> [Change] {
    lastAnswer.filter { now - $0.value > Self.patience && !down.contains($0.key) }.keys
      .sorted { $0.description < $1.description }
      .map { target in
        down.insert(target)
        return Change(target: target, backAfter: nil)
      }
  }

  /// Counts what is still gone.
  package mutating func end(at now: ContinuousClock.Instant) {
    for target in down { longest[target] = max(longest[target] ?? .zero, lastAnswer[target].map { now - $0 } ?? .zero) }
  }

  package var stillDown: [ProbeTarget] { down.sorted { $0.description < $1.description } }
}
