// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Sets the host name, now and for the next boot.
package struct EnsureHostname: GoalOperation {
  package static let name = "ensureHostname"

  package let goal: String
  package init(_ goal: String) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.hostname(host)] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .machine(nil) }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 0.1, varies: false, deadline: .seconds(60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal }
  package func title(verb: String, machines: String) -> String { "set the host name \(goal)" }
  package var counting: CountingWords { CountingWords("set", "host name", "host names") }
  package var undoing: String { "an older spec puts the old setting back, with the same interruption again." }
}
