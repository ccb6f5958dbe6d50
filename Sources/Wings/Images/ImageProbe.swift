// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A built client image below `/srv/cluster/images`. Nil: it is not there.
package struct ImageProbe: Probe {
  package typealias Answer = ImageState?

  package static let name = "image"

  package let image: String
  package let digest: String

  package init(_ image: String, digest: String) {
    self.image = image
    self.digest = digest
  }

  package var words: String { "image \(image)/\(digest)" }
  package var secrets: ProbeSecrets { .none }

  /// Keeps the packages of an image version by version, which is the difference between two builds.
  package func recorded(_ state: ImageState?, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("images", explained(state, nodes))]
      + (state.map { [ObservedLines("image-\($0.name)", $0.packages.map { "\($0.key) \($0.value)" })] } ?? [])
  }

  package func explained(_ state: ImageState?, _ nodes: NodeNames) -> [String] {
    ["\(image)/\(digest) " + (state.map { "sha256 \($0.squashfs)" } ?? "absent")]
  }
}

/// The manifest of a built image.
package struct ImageState: Hashable, Codable, Sendable {
  package var name: String
  /// The digest of what it was built from: its identity.
  package var digest: String
  /// SHA-256 of `root.squashfs`.
  package var squashfs: String
  package var bytes: Int
  /// Versions by package.
  package var packages: [String: String]

  package init(name: String, digest: String, squashfs: String, bytes: Int, packages: [String: String]) {
    self.name = name
    self.digest = digest
    self.squashfs = squashfs
    self.bytes = bytes
    self.packages = packages
  }
}
