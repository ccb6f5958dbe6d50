// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Signs the scripts of nodes, and makes the boot loaders that run nothing else.
package struct EnsureBootSigned: GoalOperation {
  package static let name = "ensureBootSigned"

  package let goal: BootSignaturesGoal
  package init(_ goal: BootSignaturesGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [goal.key] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.tree(host, WellKnown.signedBoot)] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: a signature 6 ms, two boot loaders 0.2 s. There are 256 scripts at most.
    OperationTiming(expectedSeconds: 1, varies: true, deadline: .seconds(300), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { WellKnown.signedBoot }
  package func title(verb: String, machines: String) -> String {
    "sign \(goal.scripts.count == 1 ? "1 boot script" : "\(goal.scripts.count) boot scripts")"
  }
  package var counting: CountingWords { CountingWords("sign", "list of boot scripts", "lists of boot scripts") }
  package var undoing: String { "an older spec signs what it describes." }
}

/// Removes all signatures, and the boot loaders that check them.
package struct EnsureBootSignedAbsent: HostOperation {
  package static let name = "ensureBootSignedAbsent"

  package init() {}

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.tree(host, WellKnown.signedBoot)] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { true }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 0.1, varies: false, deadline: .seconds(60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { WellKnown.signedBoot }
  package func title(verb: String, machines: String) -> String { "remove the signatures of what nodes boot" }
  package var counting: CountingWords { CountingWords("remove", "list of signatures", "lists of signatures") }
  package var undoing: String { "a spec with `boot: signed` makes them again." }
}
