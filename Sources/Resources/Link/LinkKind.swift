// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A network interface: its systemd.network(5) file, and the address and gateway that it has now.
///
/// - The file is what the next boot uses; the live state is what counts now. Both are looked at, either is put right.
/// - Other addresses on the link are left alone: service addresses come and go with Pacemaker.
/// - Removal takes the file away; the address goes with the next boot, since cutting it could cut the way to the host.
package enum LinkKind: ResourceKind {
  package static let name = "link"
  package static let removalRank = 25
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    package var link: LinkGoal

    package init(_ link: LinkGoal) { self.link = link }
  }

  package struct Actual: Hashable, Sendable {
    /// The file's text; nil when there is none.
    package var file: String?
    /// Nil when the host has no such interface.
    package var link: LinkState?
  }

  package static func id(on host: HostID, _ interface: String) -> ResourceID { ResourceID(name, on: host, interface) }

  /// 10: before distribution defaults such as `80-container-host0.network`, which would otherwise match first.
  package static func path(_ interface: String) -> String { "/etc/systemd/network/10-cluster-\(interface).network" }
}

extension Resource {
  package static func link(
    on host: HostID, _ link: LinkGoal, because: String, source: SourceSpan, after: [ResourceID] = []
  ) -> Resource {
    Resource(
      LinkKind.id(on: host, link.interface), LinkKind.Desired(link), because: because, source: source, after: after)
  }
}
