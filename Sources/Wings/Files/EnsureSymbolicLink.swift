// SPDX-License-Identifier: Apache-2.0
import ClusterModel

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
