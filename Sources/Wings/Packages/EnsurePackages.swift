// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Installs what is missing, without starting the daemons that come along.
package struct EnsurePackages: GoalOperation {
  package static let name = "ensurePackages"

  package let goal: [String]
  package init(_ goal: [String]) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { goal.map { .package(host, $0) } }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .machine(nil) }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured through a caching proxy: 2 s for one package, plus the index; a set of ten is half a minute.
    // dpkg has one lock, and so one lane.
    OperationTiming(
      expectedSeconds: 10 + 2 * Double(goal.count), varies: true, deadline: .seconds(20 * 60), lane: "packages")
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal.joined(separator: " ") }
  package func title(verb: String, machines: String) -> String { "install \(Self.listed(goal))" }
  package var counting: CountingWords { CountingWords("install", "set of packages", "sets of packages") }
  package var undoing: String { "an older spec removes the packages that this installs, and no others." }

  /// Longer lists are counted; the names are in the changes.
  static func listed(_ names: [String]) -> String {
    names.count <= 4 ? names.joined(separator: " ") : "\(names.count) packages"
  }
}

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
