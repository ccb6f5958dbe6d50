// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Planning
import Reconciler
import Simulator
import Synchronization

/// A site as one undisturbed `apply` leaves it: where many seeds begin, and what every seed must come to in the end.
package struct Undisturbed: Sendable {
  package var world: FakeWorld
  package var history: [MemoryHistory.Run]

  fileprivate static func make(_ description: Description) throws -> Undisturbed {
    let loop = EventLoop(seed: 0)
    let site = VirtualSite(FakeWorld(description.cluster), in: loop, seed: 0)
    let history = MemoryHistory()
    let admin = AdminMachine("admin", of: site, history: history, random: SplitMix(seed: 0))
    for _ in 0..<3 {
      let verdict = Mutex<AdminMachine.Verdict?>(nil)
      _ = admin.apply(description) { value in verdict.withLock { $0 = value } }
      let ending = loop.run(atMost: 1_000_000) { verdict.withLock { $0 != nil } }
      guard let verdict = verdict.withLock({ $0 }) else {
        throw Violation(rule: .ends, words: "an undisturbed apply does not end: \(ending)")
      }
      guard (try? verdict.get())?.isConverged == true else { continue }
      let undisturbed = Undisturbed(world: site.world, history: history.all)
      // What still waits for its time holds the loop that holds it.
      _ = loop.run(atMost: 1_000_000) { false }
      return undisturbed
    }
    throw Violation(
      rule: .converges, words: "an undisturbed apply leaves work\n" + site.story.lines.joined(separator: "\n"))
  }
}

/// The work that many seeds have in common, by all that it depends on: made when first asked for, and the same for all.
///
/// Most descriptions of a seed are edited away before they are in place. So what an undisturbed run makes of one is
/// found out only for those that a seed begins or ends with: it costs as much as the seed itself.
package final class Templates: Sendable {
  /// The templates of all seeds that a process runs.
  package static let ofThisProcess = Templates()

  private let descriptions = Mutex<[DrawnSite: Description]>([:])
  private let undisturbed = Mutex<[DrawnSite: Undisturbed]>([:])

  package init() {}

  func description(_ site: DrawnSite) throws -> Description {
    try Self.find(site, in: descriptions) { try Description(site) }
  }

  func undisturbed(_ site: DrawnSite) throws -> Undisturbed {
    let description = try description(site)
    return try Self.find(site, in: undisturbed) { try Undisturbed.make(description) }
  }

  private static func find<Value: Sendable>(
    _ drawn: DrawnSite, in made: borrowing Mutex<[DrawnSite: Value]>, _ make: () throws -> Value
  ) throws -> Value {
    let site = drawn.shown
    if let made = made.withLock({ $0[site] }) { return made }
    let value = try make()
    made.withLock { made in
      // All sites that are drawn today are fewer: 2608.
      if made.count >= 5000 { made = [:] }
      made[site] = value
    }
    return value
  }
}

extension Convergence {
  package var isConverged: Bool {
    switch self {
    case .nothingToDo: true
    case .applied(let applied): applied.isConverged
    case .blocked, .declined: false
    }
  }
}

extension AdminMachine.Verdict {
  var words: String {
    switch self {
    case .success(.nothingToDo): "finds nothing to do"
    case .success(.declined): "does not agree"
    case .success(.applied(let applied)): "ends \(applied.word)" + troubles(applied)
    case .success(.blocked(let proposal)):
      "can do nothing: " + proposal.plan.blocked.map { "\($0.resource): \($0.reason)" }.joined(separator: "; ")
    case .failure(let error): "is refused: \(error)"
    }
  }

  private func troubles(_ applied: Applied) -> String {
    let failed = applied.outcome.steps.filter { !$0.succeeded && $0.startedAt != nil }
    let left = applied.verified.plan.steps.map { "\n    left to do: \($0.id) (\($0.because))" }
    let blocked = applied.verified.plan.blocked.map { "\n    blocked: \($0.resource): \($0.reason)" }
    return failed.map { "\n    \($0.step) \($0.word): \($0.detail)" }.joined() + left.joined() + blocked.joined()
  }
}
