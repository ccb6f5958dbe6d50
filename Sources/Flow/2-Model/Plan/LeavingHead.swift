// SPDX-License-Identifier: Apache-2.0

/// A head that the description has dropped. What it has on it stays as it is, and is forgotten.
package struct LeavingHead: Hashable, Codable, Sendable {
  package var host: HostID
  /// What the record lists on it.
  package var resources: [ResourceID]

  package init(host: HostID, resources: [ResourceID]) {
    self.host = host
    self.resources = resources
  }
}
