// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Planning
import Reconciler
import Simulator
import Synchronization

/// A site as one undisturbed `apply` leaves it: where many seeds begin, and what every seed must come to in the end.
package struct Template: Sendable {
  package var specification: Specification
  package var cluster: Cluster
  package var wanted: DesiredResources
  package var world: FakeWorld
  package var history: [MemoryHistory.Run]

  fileprivate static func make(_ drawn: DrawnSite) throws -> Template {
    let specification = try drawn.specification()
    guard let cluster = specification.cluster else { throw UnfitSite(yaml: drawn.yaml, problems: []) }
    let wanted = DesiredResources.asked(by: cluster, specification.files)
    let loop = EventLoop(seed: 0)
    let site = VirtualSite(FakeWorld(cluster), in: loop, seed: 0)
    let history = MemoryHistory()
    let admin = AdminMachine("admin", of: site, history: history, random: SplitMix(seed: 0))
    for _ in 0..<3 {
      let verdict = Mutex<AdminMachine.Verdict?>(nil)
      _ = admin.apply(Description(specification, cluster, wanted)) { value in verdict.withLock { $0 = value } }
      let ending = loop.run(atMost: 1_000_000) { verdict.withLock { $0 != nil } }
      guard let verdict = verdict.withLock({ $0 }) else {
        throw Violation(rule: .ends, words: "an undisturbed apply does not end: \(ending)")
      }
      guard verdict.isConverged else { continue }
      return Template(
        specification: specification, cluster: cluster, wanted: wanted, world: site.world, history: history.all)
    }
    throw Violation(
      rule: .converges, words: "an undisturbed apply leaves work\n" + site.story.lines.joined(separator: "\n"))
  }
}

/// Templates by all that they depend on: made when first asked for, and the same whoever asks.
package final class Templates: Sendable {
  /// Of all seeds that a process runs.
  package static let ofThisProcess = Templates()

  private let made = Mutex<[DrawnSite: Template]>([:])

  package init() {}

  func of(_ site: DrawnSite) throws -> Template {
    if let made = made.withLock({ $0[site] }) { return made }
    let template = try Template.make(site)
    made.withLock { made in
      // All sites that are drawn today are fewer: 4608.
      if made.count >= 5000 { made = [:] }
      made[site] = template
    }
    return template
  }
}

extension AdminMachine.Verdict {
  var isConverged: Bool {
    switch self {
    case .clean: true
    case .applied(let applied): applied.isConverged
    case .blocked, .refused: false
    }
  }

  var words: String {
    switch self {
    case .clean: "finds nothing to do"
    case .applied(let applied): "ends \(applied.word)" + troubles(applied)
    case .blocked(let proposal):
      "can do nothing: " + proposal.plan.blocked.map { "\($0.resource): \($0.reason)" }.joined(separator: "; ")
    case .refused(let error): "is refused: \(error)"
    }
  }

  private func troubles(_ applied: Applied) -> String {
    let failed = applied.outcome.steps.filter { !$0.succeeded && $0.startedAt != nil }
    let left = applied.verified.plan.steps.map { "\n    left to do: \($0.id) (\($0.because))" }
    let blocked = applied.verified.plan.blocked.map { "\n    blocked: \($0.resource): \($0.reason)" }
    return failed.map { "\n    \($0.step) \($0.word): \($0.detail)" }.joined() + left.joined() + blocked.joined()
  }
}
