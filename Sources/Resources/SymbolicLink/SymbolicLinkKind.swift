// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// One symbolic link of ours.
///
/// - The target is compared as text: one that leads to the same place by another way is written anew.
/// - What somebody else put at the path, a file or a link, is kept once as a backup by the operation.
/// - Removal puts the backup back.
package enum SymbolicLinkKind: ResourceKind {
  package static let name = "symlink"
  package static let removalRank = 20
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    package var path: String
    /// A file, which has to be there before.
    package var target: String

    package init(path: String, target: String) {
      self.path = path
      self.target = target
    }
  }

  package enum Actual: Hashable, Sendable {
    case link(target: String)
    case file
    case other(String)
  }

  package static func id(on host: HostID, _ path: String) -> ResourceID { ResourceID(name, on: host, path) }
}

extension Resource {
  package static func symbolicLink(
    on host: HostID, _ path: String, to target: String, because: String, source: SourceSpan, after: [ResourceID] = []
  ) -> Resource {
    Resource(
      SymbolicLinkKind.id(on: host, path), SymbolicLinkKind.Desired(path: path, target: target), because: because,
      source: source, after: after)
  }
}
