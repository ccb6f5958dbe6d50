// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Packages of the distribution on a head. Wants nothing itself: other wings do.
package enum Packages: Wing {
  package static let name = "packages"
  package static let kinds: [AnyKind] = [AnyKind(PackagesKind.self)]
  package static let probes: [any Probe.Type] = [PackagesProbe.self]
  package static let operations: [any HostOperation.Type] = [EnsurePackages.self, EnsurePackagesAbsent.self]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }
}
