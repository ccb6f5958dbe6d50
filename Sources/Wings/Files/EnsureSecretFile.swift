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

/// Whether a file holds what a secret says. The secret's bytes travel beside the probe.
package struct SecretFileProbe: Probe {
  package typealias Answer = SecretFileState

  package static let name = "secretFile"

  package let path: String
  package let secret: SecretRef

  package init(_ path: String, _ secret: SecretRef) {
    self.path = path
    self.secret = secret
  }

  package var words: String { "secret file \(path)" }

  /// A file that is there cannot hold a secret that does not exist yet.
  package var secrets: ProbeSecrets {
    .compares(
      [secret],
      without: SubstituteProbe(FileProbe(path, contents: false), for: Self.self) { $0 == .absent ? .absent : .differs })
  }

  package func recorded(_ state: SecretFileState, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("secrets", explained(state, nodes))]
  }

  package func explained(_ state: SecretFileState, _ nodes: NodeNames) -> [String] { ["\(path) \(state.rawValue)"] }
}

package enum SecretFileState: String, Hashable, Codable, Sendable { case absent, matches, differs }
