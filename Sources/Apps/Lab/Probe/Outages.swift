// SPDX-License-Identifier: Apache-2.0
import ClusterModel

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
