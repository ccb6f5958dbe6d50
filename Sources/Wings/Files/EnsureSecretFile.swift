// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Writes a secret into a file of its own.
package struct EnsureSecretFile: GoalOperation {
  package static let name = "ensureSecretFile"

  package let goal: SecretFileGoal
  package init(_ goal: SecretFileGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [goal.secret] }
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
  package func title(verb: String, machines: String) -> String { "write the secret \(goal.path)" }
  package var counting: CountingWords { CountingWords("write", "secret", "secrets") }
  package var undoing: String { "the old value is not kept; put it into the secret store and apply again." }
}

package struct SecretFileGoal: Hashable, Codable, Sendable {
  package var path: String
  package var secret: SecretRef
  package var mode: UInt16
  package var owner: String

  package init(path: String, secret: SecretRef, mode: UInt16 = 0o600, owner: String = "root:root") {
    self.path = path
    self.secret = secret
    self.mode = mode
    self.owner = owner
  }
}
