// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Captures this head as a root to install clones from.
package struct EnsureCapture: GoalOperation {
  package static let name = "ensureCapture"

  package let goal: CaptureRecipe
  package init(_ goal: CaptureRecipe) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { goal.clone }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: the compressed root of a head, 1.5 GB. It fills the disk and both cores, so one at a time.
    OperationTiming(expectedSeconds: 60, varies: true, deadline: .seconds(30 * 60), lane: "image")
  }
  package var expectation: Expectation? { nil }

  package var target: String { "for \(goal.clone)" }
  package func title(verb: String, machines: String) -> String { "capture this head for \(machines)" }
  package var counting: CountingWords { CountingWords("capture this head", "time", "times") }
  package var undoing: String { "it changes nothing that would have to be undone." }
}

package struct CaptureRecipe: Hashable, Codable, Sendable {
  /// The head that will be installed from it.
  package var clone: HostID
  /// Paths that stay behind: identity, secrets, caches, logs.
  package var excluded: [String]

  package init(clone: HostID, excluded: [String]) {
    self.clone = clone
    self.excluded = excluded
  }
}
