// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Planning

/// Why a run could not be planned, carried out or recorded. Single steps that fail are in the outcome, not here.
package enum ReconcileError: Error, Sendable {
  case plan(PlanProblems)
  case execution(ExecutionError)
  case audit(AuditError)
  /// Resources of the record that this version of the program does not know how to take away.
  case unreadableRecord([ResourceID])
  case host(AgentError)
  /// The plan is no longer the one that was agreed to: the steps that came in, or are different.
  case moved([String])
  /// Names in `--target` or `--exclude` that stand for nothing, each with what may have been meant.
  case unknownTarget([String])
  /// Steps above `--max-disruption`.
  case tooDisruptive([Step], ceiling: Step.Disruption)
  /// An errand that must not be done as things are, as it was given.
  case refused(String, ErrandRefusal)
  /// A saved plan that no longer fits: what has moved since.
  case stale([String])

  package var next: String {
    switch self {
    case .plan(let problems): problems.next
    case .execution(let error): error.next
    case .audit(let error): error.next
    case .unreadableRecord: "Use the version of cluster that recorded them, or a newer one."
    case .host(let error): error.next
    case .moved: "`cluster log` lists what was applied meanwhile. Review the new plan, then apply again."
    case .unknownTarget: "Name heads, nodes (`node[01-10]`) or resources (`file@head1:/etc/hosts`); `*` is any text."
    case .tooDisruptive: "Leave these out with --exclude, or allow more, in a maintenance window."
    case .refused(_, let refusal): refusal.next
    case .stale: "Save a new plan with `cluster plan --out FILE`, read it, and apply that."
    }
  }

  /// Exit status 6 says that it is not allowed, or no longer what was agreed to.
  package var isRefusal: Bool {
    switch self {
    case .moved, .tooDisruptive, .stale, .refused: true
    case .plan, .execution, .audit, .unreadableRecord, .host, .unknownTarget: false
    }
  }

  /// Exit status 5 says that another run holds the lease.
  package var isLeaseHeld: Bool {
    if case .execution(.lease(let error)) = self { return error.code == .leaseHeld }
    return false
  }
}

extension ReconcileError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .plan(let problems): problems.description
    case .execution(let error): error.description
    case .audit(let error): error.description
    case .unreadableRecord(let ids):
      "the record names resources that this version does not know: \(ids.map(\.description).joined(separator: ", "))"
    case .host(let error): error.description
    case .unknownTarget(let problems): problems.joined(separator: "\n")
    case .tooDisruptive(let steps, let ceiling): Self.tooDisruptive(steps, ceiling)
    case .refused(let words, let refusal):
      "`cluster \(words)` is refused, and nothing was done: \(refusal.what): \(refusal.why)"
    case .stale(let moved):
      "the saved plan no longer fits, and nothing was done:\n"
        + moved.map { "  \($0)" }.joined(separator: "\n")
    case .moved(let news):
      "what is to be done has changed since it was agreed to, and nothing was done:\n"
        + news.map { "  \($0)" }.joined(separator: "\n")
    }
  }

  private static func tooDisruptive(_ steps: [Step], _ ceiling: Step.Disruption) -> String {
    let shown = steps.prefix(10).map { "  \($0.host): \($0.title)  [\($0.disruption.rawValue)]" }
    let more = steps.count > shown.count ? ["  … and \(steps.count - shown.count) more"] : []
    let what = steps.count == 1 ? "1 step is" : "\(steps.count) steps are"
    return (["\(what) above --max-disruption \(ceiling.rawValue), and nothing was done:"] + shown + more)
      .joined(separator: "\n")
  }
}
