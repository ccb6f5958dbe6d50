// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Removes an image.
package struct EnsureImageAbsent: HostOperation {
  package static let name = "ensureImageAbsent"

  package let name: String
  package let digest: String

  package init(name: String, digest: String) {
    self.name = name
    self.digest = digest
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { true }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 1, varies: false, deadline: .seconds(15 * 60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { "\(name)/\(digest)" }
  package func title(verb: String, machines: String) -> String { "remove image \(name)/\(digest)" }
  package var counting: CountingWords { CountingWords("remove", "image", "images") }
  package var undoing: String { "an older spec builds the image again." }
}
