// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A file that holds a secret. The plan names the secret and never shows or compares its bytes; the host compares.
///
/// - Absent or different from what the secret store holds: written, with its mode and owner.
/// - Removal takes the file away; there is never a backup of a secret.
package enum SecretFileKind: ResourceKind {
  package static let name = "secret-file"
  package static let removalRank = 20
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    package var file: SecretFileGoal

    package init(_ file: SecretFileGoal) { self.file = file }
  }

  package enum Actual: Hashable, Sendable { case matches, differs }

  package static func id(on host: HostID, _ path: String) -> ResourceID { ResourceID(name, on: host, path) }
}

extension Resource {
  package static func secretFile(
    on host: HostID, _ path: String, _ secret: SecretRef, mode: UInt16 = 0o600, owner: String = "root:root",
    because: String, source: SourceSpan, after: [ResourceID] = []
  ) -> Resource {
    let goal = SecretFileGoal(path: path, secret: secret, mode: mode, owner: owner)
    return Resource(
      SecretFileKind.id(on: host, path), SecretFileKind.Desired(goal), because: because, source: source, after: after)
  }
}
