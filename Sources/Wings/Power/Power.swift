// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Machines switched on and off through their BMCs. Wants nothing itself: other wings do.
package enum Power: Wing {
  package static let name = "power"
  package static let kinds: [AnyKind] = []
  package static let operations: [any HostOperation.Type] = [EnsurePower.self]
  package static let probes: [any Probe.Type] = [PowerProbe.self]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }
}
