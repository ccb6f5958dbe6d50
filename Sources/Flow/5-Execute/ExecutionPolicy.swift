// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// How much at once, and how patiently.
package struct ExecutionPolicy: Sendable {
  package var limits = RunProgress.Limits()
  /// How often a step is tried on a host that cannot be reached.
  package var attempts = 10
  /// The wait before the second attempt; it doubles with each further one, up to the limit.
  package var backoff = Duration.seconds(1)
  package var longestBackoff = Duration.seconds(15)
  /// No attempt begins later than this after the first one. Longer than a change of the way to a host is in doubt.
  package var patience = Duration.seconds(150)
  /// A lease that is not renewed ends after this time. It is renewed when a third of it is over.
  package var leaseSeconds = 60
  /// How long to wait for another run that is at work.
  package var lockTimeout = Duration.zero
  /// A change that can cut the way to a host is undone there when it is not confirmed within this time.
  package var confirmSeconds = 60
  /// How long a host may take after that to be reached again, and to say that it has undone the change.
  package var undoneWithin = Duration.seconds(120)
  /// Heads that the administrator knows to be off: their lease is not waited for.
  package var without: Set<HostID> = []

  package init() {}

  /// The time between two looks at what others bring about: short at first, then a tenth of what was waited for.
  func untilNextLook(after waited: Duration) -> Duration { min(.seconds(10), max(.seconds(2), waited / 10)) }

  /// The wait before an attempt, the second or a later one: between half and the whole of the backoff, so that steps
  /// which failed together are not tried together again. Of the salt alone, so that a run can be repeated exactly.
  package func wait(before attempt: Int, salt: String) -> Duration {
    var whole = backoff
    for _ in 2..<max(2, attempt) where whole < longestBackoff { whole *= 2 }
    let part = Double(UInt32(SHA256.hex("\(attempt) \(salt)").prefix(8), radix: 16) ?? 0) / Double(UInt32.max)
    return min(whole, longestBackoff) * (0.5 + part / 2)
  }
}

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

  /// The next thing to do about it.
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
