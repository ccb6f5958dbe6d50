// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Accounts of daemons, with the same numbers on every head and in every image, made before the packages that would
/// make them with any number.
package enum SystemUsers: Wing {
  package static let name = "system-users"
  package static let kinds: [AnyKind] = [AnyKind(SystemUserKind.self)]
  package static let probes: [any Probe.Type] = [SystemUserProbe.self]
  package static let operations: [any HostOperation.Type] = [EnsureSystemUser.self]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    cluster.heads.flatMap { head in
      published.users.map { wanted in
        Resource(
          SystemUserKind.id(on: head.name, wanted.user.name), SystemUserKind.Desired(wanted.user),
          because: wanted.because, source: wanted.source)
      }
    }
  }
}
