// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The power of machines, switched by their BMCs. Wants nothing itself: other wings do.
package enum Power: Wing {
  package static let name = "power"
  package static let kinds: [AnyKind] = []
  package static let operations: [any HostOperation.Type] = [EnsurePower.self]

  package static func resources(_ cluster: Cluster, _ files: SiteFiles, _ published: Publications) -> [Resource] { [] }
}
