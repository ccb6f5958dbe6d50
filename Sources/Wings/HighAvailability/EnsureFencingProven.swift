// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Proves from this head that another one can be fenced.
package struct EnsureFencingProven: GoalOperation {
  package static let name = "ensureFencingProven"

  package let goal: FencingGoal
  package init(_ goal: FencingGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [goal.bmc.password] }
  package var machine: HostID? { goal.head }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: ipmitool(1) `status` 0.3 s; a slow BMC needs seconds.
    OperationTiming(expectedSeconds: 3, varies: false, deadline: .seconds(120), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal.head.name }
  package func title(verb: String, machines: String) -> String { "prove that \(machines) can be fenced" }
  package var counting: CountingWords { CountingWords("prove the fencing of", "head", "heads") }
  package var undoing: String { "it changes nothing that would have to be undone." }
}

package struct FencingGoal: Hashable, Codable, Sendable {
  package var head: HostID
  package var bmc: BMC

  package init(head: HostID, bmc: BMC) {
    self.head = head
    self.bmc = bmc
  }
}
