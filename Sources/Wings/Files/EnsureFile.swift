// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Writes a file atomically. A file that was not ours is kept once, below `/var/lib/cluster/backups`.
package struct EnsureFile: GoalOperation {
  package static let name = "ensureFile"

  package let goal: FileGoal
  package init(_ goal: FileGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.path(host, goal.path)] }
  package var lockout: Lockout { .ofPath(goal.path) }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: one exchange over a warm SSH connection and a synced write, below 50 ms; a slow disk takes longer.
    OperationTiming(expectedSeconds: 0.1, varies: false, deadline: .seconds(60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal.path }
  package func title(verb: String, machines: String) -> String { "write \(goal.path)" }
  package var counting: CountingWords { CountingWords("write", "file", "files") }
  package var undoing: String {
    "a file that was not ours is kept below /var/lib/cluster/backups; else an older spec writes it back."
  }
}

package struct FileGoal: Hashable, Codable, Sendable {
  package var path: String
  package var contents: Content
  /// Permission bits. Nil keeps what is there, or `0o644`.
  package var mode: UInt16?
  /// `user:group`. Nil keeps what is there, or root's.
  package var owner: String?

  package init(path: String, contents: Content, mode: UInt16? = nil, owner: String? = nil) {
    self.path = path
    self.contents = contents
    self.mode = mode
    self.owner = owner
  }
}

/// Makes a path a symbolic link to a file that is there. What was at the path is kept as for a file.
package struct EnsureSymbolicLink: HostOperation {
  package static let name = "ensureSymbolicLink"

  package let path: String
  /// Where it leads; `target` is what an operation works on.
  package let destination: String

  package init(path: String, destination: String) {
    self.path = path
    self.destination = destination
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.path(host, path)] }
  package var lockout: Lockout { .ofPath(path) }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: one exchange over a warm SSH connection and a synced write, below 50 ms; a slow disk takes longer.
    OperationTiming(expectedSeconds: 0.1, varies: false, deadline: .seconds(60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { "\(path) -> \(destination)" }
  package func title(verb: String, machines: String) -> String { "link \(path) to \(destination)" }
  package var counting: CountingWords { CountingWords("make", "link", "links") }
  package var undoing: String {
    "a file that was not ours is kept below /var/lib/cluster/backups; else an older spec writes it back."
  }
}

/// Removes a file or symbolic link of ours; a backup, where one was kept, takes its place.
package struct EnsureFileAbsent: HostOperation {
  package static let name = "ensureFileAbsent"

  package let path: String

  package init(path: String) {
    self.path = path
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.path(host, path)] }
  package var lockout: Lockout { .ofPath(path) }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { true }

  package var timing: OperationTiming {
    // Measured: one exchange over a warm SSH connection and a synced write, below 50 ms; a slow disk takes longer.
    OperationTiming(expectedSeconds: 0.1, varies: false, deadline: .seconds(60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { path }
  package func title(verb: String, machines: String) -> String { "remove \(path)" }
  package var counting: CountingWords { CountingWords("remove", "file", "files") }
  package var undoing: String { "an older spec, in which it is asked for, writes it again." }
}
