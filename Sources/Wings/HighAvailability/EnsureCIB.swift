// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker

/// Creates or updates CIB elements by id, and removes others by id; the rest of the CIB is left alone.
package struct EnsureCIB: GoalOperation {
  package static let name = "ensureCIB"

  package let goal: CIBGoal
  package init(_ goal: CIBGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { goal.elements.map { .cib($0.id) } + goal.removed.map { .cib($0) } }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .clusteredServices(maintenance: goal.entersMaintenance) }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // The change itself is at once; what it asks for is waited for.
    OperationTiming(expectedSeconds: 10, varies: false, deadline: .seconds(180), lane: "cib")
  }
  package var expectation: Expectation? { nil }

  package var target: String {
    "\(goal.elements.count) elements" + (goal.removed.isEmpty ? "" : ", \(goal.removed.count) removed")
  }
  package func title(verb: String, machines: String) -> String {
    switch (goal.elements.map(\.id), goal.removed) {
    case ([CIBGoal.pause], []): "tell Pacemaker to touch nothing"
    case ([], [CIBGoal.pause]): "have Pacemaker mind the services again"
    default: "configure Pacemaker (\(target))"
    }
  }
  package var counting: CountingWords { CountingWords("configure Pacemaker", "time", "times") }
  package var undoing: String { "an older spec puts the old setting back, with the same interruption again." }
}
