// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Network interfaces of a head and their addresses. Wants nothing itself: `Heads` does.
package enum Links: Wing {
  package static let name = "links"
  package static let kinds: [AnyKind] = [AnyKind(LinkKind.self)]
  package static let operations: [any HostOperation.Type] = [EnsureLink.self, EnsureAddress.self]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }
}
