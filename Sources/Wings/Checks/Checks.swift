// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The checks of package sets, run on the machines by `cluster test`. Wants nothing itself; those
/// that nodes run by themselves come with their identities.
package enum Checks: Wing {
  package static let name = "checks"
  package static let kinds: [AnyKind] = []
  package static let probes: [any Probe.Type] = [CheckNotesProbe.self]
  package static let operations: [any HostOperation.Type] = [EnsureChecked.self]
  package static let errands: [any Errand.Type] = [CheckErrand.self]

  /// The queue of checks on one head: what measures is not to be disturbed by another check.
  package static let lane = "checks"

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }

  package static func problems(_ cluster: Cluster) -> [Diagnostic] { ReadyChecks(cluster).problems }
}
