// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Why a run could not begin, or had to be given up. What steps met is in their reports.
package enum ExecutionError: Error, Sendable {
  /// Another run is alive, or no head could be asked.
  case lease(AgentError)
  /// The journal cannot be read or written: without it nothing may be done.
  case journal(path: String, cause: String)
  /// It is there, and what it says cannot be understood: whether a run was interrupted is not known.
  case unreadableJournal(path: String, cause: String, next: String)
  /// A mistake in the plan, not in the spec.
  case invalidPlan(String)
}

extension ExecutionError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .lease(let error): error.description
    case .journal(let path, let cause): "the journal \(path) cannot be used: \(cause)"
    case .unreadableJournal(let path, let cause, _): "the journal \(path) cannot be read: \(cause)"
    case .invalidPlan(let detail): "the plan cannot be executed: \(detail)"
    }
  }

  var isLeaseHeld: Bool { if case .lease(let error) = self { error.code == .leaseHeld } else { false } }

  /// What to do about it.
  package var next: String {
    switch self {
    case .lease(let error): error.next
    case .unreadableJournal(_, _, let next): next
    case .journal: "Free some space on the disk, check that this user may write to the folder, then try again."
    case .invalidPlan: "This is a bug in cluster: report it together with the spec."
    }
  }
}

extension ExecutionError {
  /// - Parameter lost: what is not known without it.
  package static func damaged(_ path: String, _ cause: String, lost: String = "whether a run was interrupted")
    -> ExecutionError
  {
    .unreadableJournal(
      path: path, cause: cause,
      next: "Check `cluster log` and `cluster plan`: without the journal, only the machines show "
        + "\(lost). Then move it aside and apply again: mv \(path) \(path).damaged")
  }
}
