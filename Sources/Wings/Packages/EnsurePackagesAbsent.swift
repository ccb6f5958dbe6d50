// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Removes only packages that `EnsurePackages` installed, and refuses to take others along.
package struct EnsurePackagesAbsent: GoalOperation {
  package static let name = "ensurePackagesAbsent"

  package let goal: [String]
  package init(_ goal: [String]) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { goal.map { .package(host, $0) } }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .machine(nil) }
  package var isRemoval: Bool { true }

  package var timing: OperationTiming {
    OperationTiming(
      expectedSeconds: 5 + Double(goal.count), varies: true, deadline: .seconds(20 * 60), lane: "packages")
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal.joined(separator: " ") }
  package func title(verb: String, machines: String) -> String { "remove \(EnsurePackages.listed(goal))" }
  package var counting: CountingWords { CountingWords("remove", "set of packages", "sets of packages") }
  package var undoing: String { "an older spec installs them again, in the version that the mirror has then." }
}
