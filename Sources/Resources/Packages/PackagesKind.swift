// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Distribution packages that are to be installed, whatever their version.
///
/// - Only what is missing makes a step.
/// - Removal takes only those that an earlier run installed; what was there before stays.
package enum PackagesKind: ResourceKind {
  package static let name = "packages"
  package static let removalRank = 30
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    /// Sorted, so that two equal wishes are equal.
    package var names: [String]

    package init(_ names: [String]) { self.names = Set(names).sorted() }
  }

  package struct Actual: Hashable, Sendable {
    /// Versions by package.
    package var installed: [String: String]
  }

  package static func id(on host: HostID, _ set: String) -> ResourceID { ResourceID(name, on: host, set) }
}

extension Resource {
  package static func packages(
    on host: HostID, _ set: String, _ names: [String], because: String, source: SourceSpan, after: [ResourceID] = []
  ) -> Resource {
    Resource(
      PackagesKind.id(on: host, set), PackagesKind.Desired(names), because: because, source: source, after: after)
  }
}
