// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Removes a folder of ours; what was there before, where it was kept, takes its place.
package struct EnsureTreeAbsent: HostOperation {
  package static let name = "ensureTreeAbsent"

  package let root: String

  package init(root: String) {
    self.root = root
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.tree(host, root)] }
  package var lockout: Lockout { .ofPath(root) }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { true }

  package var timing: OperationTiming {
    // Measured: some hundred small files, each written and synced.
    OperationTiming(expectedSeconds: 0.5, varies: false, deadline: .seconds(120), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { root }
  package func title(verb: String, machines: String) -> String { "remove the folder \(root)" }
  package var counting: CountingWords { CountingWords("remove", "folder", "folders") }
  package var undoing: String { "an older spec, in which it is asked for, writes it again." }
}
