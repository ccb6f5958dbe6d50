// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Wings

/// A plan with what it was made from.
package struct Proposal: Sendable {
  /// The plan, within the terms.
  package var plan: Plan
  /// Everything that is to be done.
  package var whole: Plan
  /// Resources with something to do, or that cannot be planned, which the terms leave out.
  package var leftOut: [ResourceID]
  package var terms: RunTerms
  package var inventory: Inventory
  package var desired: [Resource]
  package var previously: [ManagedResource]
  /// The errand that it is the plan of, in the place of the description. Nil: it is the description's.
  package var errand: (any Errand)?
  /// Sentences to be read before the plan.
  package var notes: [String] = []

  /// The consent that agreeing to it gives.
  package var consent: Consent { Consent(plan, within: terms) }
}

/// The outcome of a run, and the site as seen after it.
package struct Applied: Sendable {
  package var outcome: RunOutcome
  /// The site as seen after the last step; when looking failed, as seen before it.
  package var verified: Proposal
  /// The error that kept the run from going on, or from looking again, after it had begun. Nil: none.
  package var endedBy: ReconcileError?
  package var recorded: AuditRepository.Recorded?
  /// How the copies of the record stand after the run.
  package var copies: [HistoryCopy] = []

  /// As desired within the terms of the run, seen by looking again.
  package var isConverged: Bool { outcome.result == .done && verified.plan.isDoneWithinItsScope }
  /// Nothing is left to do on the whole site either.
  package var isWhole: Bool { verified.whole.isClean }

  /// The `Result:` trailer.
  package var word: String {
    // What was left out is never counted as done.
    if isConverged { return verified.errand != nil ? "done" : isWhole ? "converged" : "converged-in-part" }
    return outcome.result == .done ? "partial" : outcome.result.rawValue
  }

  /// The first line of the audit commit.
  var subject: String {
    let changed = outcome.steps.count { if case .done(let done) = $0.result { done.changed } else { false } }
    let failed = outcome.steps.count { if case .failed = $0.result { true } else { false } }
    return "\(verified.errand?.words ?? "apply"): \(word), \(changed) changed"
      + (failed == 0 ? "" : ", \(failed) failed")
  }
}

extension Plan {
  /// Nothing to do, and nothing blocked but what depends on things that were left out on purpose.
  fileprivate var isDoneWithinItsScope: Bool {
    steps.isEmpty && leaving.isEmpty && blocked.allSatisfy { if case .leftOut = $0.reason { true } else { false } }
  }
}

extension Proposal {
  /// The facts seen of a resource, one a line with its host: those that its kind asks for, and no others.
  package func observed(_ resource: Resource, of cluster: Cluster) -> [String] {
    let questions = KindCatalog.all[resource.id.kind]?.questions(resource.id, resource.desired) ?? []
    let nodes = NodeNames(cluster)
    var seen: Set<String> = []
    return questions.flatMap { question in
      facts(question, nodes).map { "\(question.host): \($0)" }
    }.filter { seen.insert($0).inserted }
  }

  private func facts(_ question: Question, _ nodes: NodeNames) -> [String] {
    switch inventory.hosts[question.host] {
    case nil: ["it was not asked"]
    case .unreachable(let error): ["it does not answer: \(error)"]
    case .answered(let answers):
      answers[question.probe].map { question.probe.explained($0, nodes) } ?? ["it was not asked"]
    }
  }
}

/// The observed facts as text files for the record: one for each host and sort of fact, one fact a line in a steady
/// order, so that the difference between two runs shows what changed on the machines and nothing else.
enum ObservedText {
  static func files(_ inventory: Inventory, _ cluster: Cluster) -> [String: String] {
    let nodes = NodeNames(cluster)
    var files: [String: String] = [:]
    for (host, state) in inventory.hosts {
      switch state {
      case .unreachable(let error): files["\(host)/unreachable.txt"] = "\(error)".visibleLines + "\n"
      case .answered(let answers):
        // The same thing may have been asked in two ways.
        var lines: [String: Set<String>] = [:]
        for (probe, answer) in answers {
          for recorded in probe.recorded(answer, nodes) {
            lines[recorded.file, default: []].formUnion(recorded.lines.map(\.visibleLine))
          }
        }
        for (file, lines) in lines { files["\(host)/\(file).txt"] = lines.sorted().joined(separator: "\n") + "\n" }
      }
    }
    return files
  }
}
