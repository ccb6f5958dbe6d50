// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// One text or binary file of ours.
///
/// - The contents are compared byte for byte; mode and owner only where the spec names them.
/// - A file that somebody else put there is kept once as a backup by the operation.
/// - A link at the path is replaced by the file. Anything else there (a folder, a socket) makes the operation fail.
/// - Removal puts the backup back.
package enum FileKind: ResourceKind {
  package static let name = "file"
  package static let removalRank = 20
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    package var file: FileGoal

    package init(_ file: FileGoal) { self.file = file }
  }

  package enum Actual: Hashable, Sendable {
    case file(FileFacts)
    case link(target: String)
    case other(String)
  }

  package static func id(on host: HostID, _ path: String) -> ResourceID { ResourceID(name, on: host, path) }
}

extension Resource {
  package static func file(
    on host: HostID, _ path: String, _ contents: String, mode: UInt16? = nil, owner: String? = nil, because: String,
    source: SourceSpan, after: [ResourceID] = []
  ) -> Resource {
    let goal = FileGoal(path: path, contents: .text(contents), mode: mode, owner: owner)
    return Resource(
      FileKind.id(on: host, path), FileKind.Desired(goal), because: because, source: source, after: after)
  }
}
