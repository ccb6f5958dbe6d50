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
  /// Another run, which was waited for, has left other things to do than were shown.
  case overtaken(String)

  package var next: String {
    switch self {
    case .plan: "Mend the description where it says so; `cluster validate` checks it without any host."
    case .execution(let error): error.next
    case .audit(let error): error.next
    case .unreadableRecord: "Use the version of cluster that recorded them, or a newer one."
    case .host(let error): error.next
    case .overtaken: "Look at the new plan, and apply again."
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
    case .overtaken(let held): "what is to be done has changed meanwhile, and nothing was done: \(held)"
    }
  }
}
