// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The host's own name, static and live.
///
/// Removal changes nothing: a machine cannot be without a name, and what it was called before is not known.
package enum HostnameKind: ResourceKind {
  package static let name = "hostname"
  package static let removalRank = 40

  package struct Desired: DesiredState {
    package var hostname: String

    package init(_ hostname: String) { self.hostname = hostname }
  }

  package struct Actual: Hashable, Sendable { package var hostname: String }

  package static func id(on host: HostID) -> ResourceID { ResourceID(name, on: host, host.name) }
}

extension Resource {
  package static func hostname(
    on host: HostID, because: String, source: SourceSpan, after: [ResourceID] = []
  ) -> Resource {
    Resource(
      HostnameKind.id(on: host), HostnameKind.Desired(host.name), because: because, source: source, after: after)
  }
}
