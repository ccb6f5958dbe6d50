// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Builds an image for nodes below `/srv/cluster/images`.
package struct EnsureImage: GoalOperation {
  package static let name = "ensureImage"

  package let goal: ImageRecipe
  package init(_ goal: ImageRecipe) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: mmdebstrap(1) of a small node 99 s, squashfs and the initramfs 60 s. It fills the disk and both cores,
    // so one at a time.
    OperationTiming(expectedSeconds: 180, varies: true, deadline: .seconds(30 * 60), lane: "image")
  }
  package var expectation: Expectation? { nil }

  package var target: String { "\(goal.name)/\(goal.digest)" }
  package func title(verb: String, machines: String) -> String { "build image \(goal.name)/\(goal.digest)" }
  package var counting: CountingWords { CountingWords("build", "image", "images") }
  package var undoing: String { "it only adds an image; nodes take it up by steps of their own." }
}
