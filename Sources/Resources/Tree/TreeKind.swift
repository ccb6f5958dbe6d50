// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A folder that is wholly ours: it holds these files and no others.
///
/// One probe and one operation however many files there are, so ten thousand nodes cost one tree on each head.
package enum TreeKind: ResourceKind {
  package static let name = "tree"
  package static let removalRank = 20
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    package var tree: TreeGoal

    package init(_ tree: TreeGoal) { self.tree = tree }
  }

  package struct Actual: Hashable, Sendable {
    /// Digests by path relative to the root.
    package var files: [String: String]
  }

  package static func id(on host: HostID, _ root: String) -> ResourceID { ResourceID(name, on: host, root) }
}

extension Resource {
  package static func tree(
    on host: HostID, _ root: String, _ files: [String: TreeGoal.Entry], because: String, source: SourceSpan,
    after: [ResourceID] = []
  ) -> Resource {
    let goal = TreeGoal(root: root, files: files)
    return Resource(
      TreeKind.id(on: host, root), TreeKind.Desired(goal), because: because, source: source, after: after)
  }
}
