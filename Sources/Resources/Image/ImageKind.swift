// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A client image on every head, named by the digest of what it is made from.
///
/// - One head builds, the others fetch what it built and verify it, so all serve the same bytes.
/// - A head that does not exist yet needs no step: the capture that it is installed from brings the image along.
/// - A head that cannot be reached does not hold the others back; its part is planned when it answers again.
/// - Removal deletes the images that no spec names any more. A changed image is a new digest: the one before stays
///   until the image itself goes, because nodes may still run it.
package enum ImageKind: ResourceKind {
  package static let name = "image"
  package static let removalRank = 25

  package struct Desired: DesiredState {
    package var recipe: ImageRecipe
    package var heads: [Place]

    package init(recipe: ImageRecipe, heads: [Place]) {
      self.recipe = recipe
      self.heads = heads
    }
  }

  /// A head that serves the image.
  package struct Place: Hashable, Codable, Sendable {
    package var head: HostID
    /// Where the other heads fetch it from: `http://10.1.0.1:8080/images`.
    package var url: String

    package init(head: HostID, url: String) {
      self.head = head
      self.url = url
    }
  }

  package struct Actual: Hashable, Sendable {
    /// Heads that have it.
    package var present: Set<HostID>
    /// Heads that answered and do not have it.
    package var missing: Set<HostID>
  }

  package static func id(_ image: String) -> ResourceID { ResourceID(name, image) }
}
