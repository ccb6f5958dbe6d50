// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// systemd's units on a head. Wants nothing itself: other wings do.
package enum Units: Wing {
  package static let name = "units"
  package static let kinds: [AnyKind] = [AnyKind(UnitKind.self)]
  package static let probes: [any Probe.Type] = [UnitProbe.self]
  package static let operations: [any HostOperation.Type] = [EnsureUnit.self]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }
}
