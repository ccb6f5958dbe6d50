// SPDX-License-Identifier: Apache-2.0
import ClusterModel

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
