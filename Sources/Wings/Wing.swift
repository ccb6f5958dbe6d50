// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// A part of what a cluster has: the resources that it wants of the machines, and the kinds, probes and operations that
/// it brings along.
///
/// A new one is a folder beside this file and one line in `WingCatalog.all`.
package protocol Wing: SendableMetatype {
  static var name: String { get }
  /// The kinds of resource that this wing defines, for itself and for others.
  static var kinds: [AnyKind] { get }
  /// The probes that this wing defines, for itself and for others.
  static var probes: [any Probe.Type] { get }
  /// The operations that it brings along: what an agent may do for it, and must be trusted with.
  static var operations: [any HostOperation.Type] { get }
  /// The top-level keys of the description that this wing reads.
  static var keys: [WingKey] { get }
  /// Widths of the queues that its operations wait in on each host: see `OperationTiming.lane`.
  static func lanes(_ cluster: Cluster) -> [String: Int]
  /// Services of the heads that this wing brings along, whether or not they move between the heads.
  static func services(_ cluster: Cluster) -> [HeadService]
  /// Additions of this wing to client images.
  static func contributions(_ cluster: Cluster) -> [ImageContribution]
  /// Ports of the heads that this wing's programs must be reachable at.
  static func firewallNeeds(_ cluster: Cluster) -> [FirewallNeed]
  /// Accounts that its daemons have on heads and in images.
  static func users(_ cluster: Cluster) -> [WantedUser]
  /// Secrets that it has for single nodes.
  static func nodeSecrets(_ cluster: Cluster) -> [NodeSecret]
  /// Files that nodes get with their identities.
  static func liveFiles(_ cluster: Cluster) -> LiveFiles
  /// Checks that nodes run by themselves, beside those of package sets.
  static func nodeChecks(_ cluster: Cluster) -> [NodeCheck]
  /// Problems of what the description asks of this wing, beyond what reading it has found.
  static func problems(_ cluster: Cluster) -> [Diagnostic]
  /// The verbs that act which it brings along.
  static var errands: [any Errand.Type] { get }
  /// Sentences on what was seen that whoever reads a plan has to know first.
  static func notes(_ cluster: Cluster, _ inventory: Inventory) -> [String]
  /// Every resource that the wing wants, in any order; empty when the description does not ask for it.
  static func resources(_ cluster: Cluster, _ files: SiteFiles, _ published: Publications) -> [Resource]
}

extension Wing {
  package static var keys: [WingKey] { [] }
  package static func lanes(_ cluster: Cluster) -> [String: Int] { [:] }
  package static var errands: [any Errand.Type] { [] }
  package static func notes(_ cluster: Cluster, _ inventory: Inventory) -> [String] { [] }
  package static func services(_ cluster: Cluster) -> [HeadService] { [] }
  package static func contributions(_ cluster: Cluster) -> [ImageContribution] { [] }
  package static func firewallNeeds(_ cluster: Cluster) -> [FirewallNeed] { [] }
  package static func users(_ cluster: Cluster) -> [WantedUser] { [] }
  package static func nodeSecrets(_ cluster: Cluster) -> [NodeSecret] { [] }
  package static func liveFiles(_ cluster: Cluster) -> LiveFiles { LiveFiles() }
  package static func nodeChecks(_ cluster: Cluster) -> [NodeCheck] { [] }
  package static func problems(_ cluster: Cluster) -> [Diagnostic] { [] }
}

extension ResourceID {
  /// The host of a kind whose resources each live on one. Features make such ids only through the kind's `id(on:)`.
  package var onlyHost: HostID {
    guard let host else { preconditionFailure("\(self) names no host") }
    return host
  }
}

package enum Expansion {
  /// The resources that the whole description asks for: all wings' resources, with an order that names only what
  /// exists.
  package static func expand(_ cluster: Cluster, _ files: SiteFiles) -> [Resource] {
    expand(cluster, files, wings: WingCatalog.all)
  }

  package static func expand(
    _ cluster: Cluster, _ files: SiteFiles, wings: [any Wing.Type]
  ) -> [Resource] {
    let published = Publications(cluster, files, wings: wings)
    let resources = orderClones(wings.flatMap { $0.resources(cluster, files, published) })
    // `after` is order, not demand: a wing may name what another one only wants in some clusters.
    let wanted = Set(resources.map(\.id))
    return resources.map { resource in
      var resource = resource
      var seen: Set<ResourceID> = [resource.id]
      resource.after = resource.after.filter { wanted.contains($0) && seen.insert($0).inserted }
      return resource
    }
  }
}

/// A wing that has something to say in `cluster status`.
package protocol StatusSection: Wing {
  /// The questions whose answers `tell` needs.
  static func statusQuestions(_ cluster: Cluster) -> [Question]
  /// Adds what the answers say to a report. What a head could not tell is unknown, and said to be so.
  static func tell(_ report: inout StatusReport, _ cluster: Cluster, _ inventory: Inventory)
}

extension StatusReport {
  private static let sections = WingCatalog.all.compactMap { $0 as? any StatusSection.Type }

  /// The questions that a status is made of, each once.
  package static func questions(_ cluster: Cluster) -> Set<Question> {
    Set(sections.flatMap { $0.statusQuestions(cluster) })
  }

  /// The report that the answers make. A head that did not answer is offline, and what only it could tell is unknown.
  package static func assemble(_ cluster: Cluster, _ inventory: Inventory, site: String, lastRun: LastRun?)
    -> StatusReport
  {
    var report = StatusReport(cluster: cluster.name, site: site, lastRun: lastRun)
    for section in sections { section.tell(&report, cluster, inventory) }
    return report
  }
}
