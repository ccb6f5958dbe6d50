// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Builds an image for nodes below `/srv/cluster/images`.
package struct EnsureImage: GoalOperation {
  package static let name = "ensureImage"

  package let goal: ImageRecipe
  package init(_ goal: ImageRecipe) { self.goal = goal }

  package var secrets: Set<SecretRef> { Set([goal.signature].compactMap { $0 }) }
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

extension EnsureImage: CarryingOperation {
  package var carried: CarriedBlobs? {
    guard let oci = goal.oci else { return nil }
    let layers = Set([goal.baseKey, goal.layerKey]).sorted().map { "\(WellKnown.packageLayers)/\($0).tar.zst" }
    return CarriedBlobs(oci.blobs, of: oci.path, in: WellKnown.ociBlobs, unless: layers)
  }
}

/// Copies a built image from the other head and verifies it.
package struct EnsureImageFetched: HostOperation {
  package static let name = "ensureImageFetched"

  package let name: String
  package let digest: String
  /// The URL of the other head's images.
  package let source: String
  /// The secret that the image was signed with where it was built. Nil: it is not signed.
  package let signature: SecretRef?

  package init(name: String, digest: String, source: String, signature: SecretRef? = nil) {
    self.name = name
    self.digest = digest
    self.source = source
    self.signature = signature
  }

  package var secrets: Set<SecretRef> { Set([signature].compactMap { $0 }) }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // 100-200 MB over a gigabit network, and the digest of it.
    OperationTiming(expectedSeconds: 10, varies: false, deadline: .seconds(15 * 60), lane: "image")
  }
  package var expectation: Expectation? { nil }

  package var target: String { "\(name)/\(digest)" }
  package func title(verb: String, machines: String) -> String { "copy image \(name)/\(digest) from the other head" }
  package var counting: CountingWords { CountingWords("copy", "image", "images") }
  package var undoing: String { "it only adds an image; nodes take it up by steps of their own." }
}
