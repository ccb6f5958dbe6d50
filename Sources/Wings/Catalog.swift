// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Every wing. A new one is a folder beside this file and one line here.
package enum WingCatalog {
  package static let all: [any Wing.Type] = [
    Files.self,
    Units.self,
    Packages.self,
    Links.self,
    SystemUsers.self,
    Names.self,
    Heads.self,
    Routing.self,
    NodeLinks.self,
    NodeDisks.self,
    TimeZone.self,
    NetworkTime.self,
    PackageSets.self,
    Checks.self,
    Power.self,
    Netboot.self,
    NodeIdentities.self,
    Images.self,
    NFSRoots.self,
    HeadClones.self,
    Nodes.self,
    HighAvailability.self,
    Firewall.self,
    Housekeeping.self,
  ]
}

extension WingCatalog {
  /// The top-level keys of the description that wings read.
  package static let keys: [WingKey] = all.flatMap { $0.keys }

  /// The services of the heads, by all wings.
  package static func services(of cluster: Cluster) -> [HeadService] { all.flatMap { $0.services(cluster) } }

  /// The names that users know the heads' units by.
  package static func serviceNames(of cluster: Cluster) -> ServiceNames {
    let services = services(of: cluster)
    return ServiceNames(
      byUnit: Dictionary(grouping: services, by: \.unit).mapValues { $0.map(\.name) },
      clustered: services.map(\.name).filter { cluster.ha?.moves($0) ?? true }, keepers: HighAvailabilityParts.units)
  }

  /// Widths of queues of operations, by all wings.
  package static func lanes(of cluster: Cluster) -> [String: Int] {
    Dictionary(all.flatMap { $0.lanes(cluster) }) { first, _ in first }
  }

  /// The verbs that act, by all wings.
  package static let errands: [any Errand.Type] = all.flatMap { $0.errands }

  /// Sentences on what was seen that a reader of a plan has to know, by all wings.
  package static func notes(_ cluster: Cluster, _ inventory: Inventory) -> [String] {
    all.flatMap { $0.notes(cluster, inventory) }
  }

  /// Problems of the description, beyond what reading it has found.
  package static func problems(of cluster: Cluster) -> [Diagnostic] { all.flatMap { $0.problems(cluster) } }
}

/// The kinds of resource of all wings, by name.
package enum KindCatalog {
  package static let all: [String: AnyKind] = Dictionary(
    uniqueKeysWithValues: WingCatalog.all.flatMap { $0.kinds }.map { ($0.name, $0) })
}

extension ProbeCatalog {
  /// The probes of all wings: everything that an agent may be asked.
  package static let all = ProbeCatalog(WingCatalog.all.flatMap { $0.probes })
}

extension OperationCatalog {
  /// The operations of all wings: everything that an agent may be asked to do.
  package static let all = OperationCatalog(WingCatalog.all.flatMap { $0.operations })
}

extension WireCatalog {
  /// All that the wings know.
  package static let all = WireCatalog(probes: .all, operations: .all)
}
