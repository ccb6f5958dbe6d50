// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Network interfaces of a head and their addresses. Wants nothing itself: `Heads` does.
package enum Links: Wing {
  package static let name = "links"
  package static let kinds: [AnyKind] = [AnyKind(LinkKind.self)]
  package static let probes: [any Probe.Type] = [LinksProbe.self]
  package static let operations: [any HostOperation.Type] = [EnsureLink.self, EnsureAddress.self]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }

  /// The kind of resource that says which address a head has.
  package static let kind = LinkKind.name

  /// The address that a run has left an interface with, or the one that had a gateway then.
  package static func address(of interface: String, in managed: [ManagedResource]) -> IPv4Address? {
    let links = managed.compactMap { ($0.desired as? LinkKind.Desired)?.link }
    return (links.first { $0.interface == interface } ?? links.first { $0.gateway != nil })?.address
  }
}
