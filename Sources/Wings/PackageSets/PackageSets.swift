// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The package sets that `packages:` turns on: their packages, files and units on every head, and in every image.
///
/// - A head's files are filled in for that head; a unit of the set takes their changes up.
/// - What nodes get is part of their image, the same for all of them: another value makes another image.
/// - Live files of nodes are part of their identities instead: another value restarts no node.
package enum PackageSets: Wing {
  package static let name = "package-sets"
  package static let kinds: [AnyKind] = []
  package static let probes: [any Probe.Type] = []
  package static let operations: [any HostOperation.Type] = []

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    cluster.sets.flatMap { set in
      cluster.heads.flatMap { head in SetOnHead(set: set, head: head, cluster: cluster).resources }
    } + cluster.heads.flatMap { SetOnHead.units(cluster, on: $0) }
  }

  package static func services(_ cluster: Cluster) -> [HeadService] {
    cluster.sets.flatMap { set in
      set.services.map { service in
        var result = HeadService(
          name: service.name, unit: service.unit, checks: service.check.map { [$0] } ?? [], source: set.source)
        result.needs = service.needs
        result.keepsState = service.keepsState
        result.report = service.report
        result.quiet = service.quiet
        return result
      }
    }
  }

  package static func firewallNeeds(_ cluster: Cluster) -> [FirewallNeed] {
    cluster.sets.flatMap { set in
      set.ports.flatMap { open in
        if !open.isForNodes { return [FirewallNeed(set.name, [open.port], from: .anywhere)] }
        // The heads among themselves too, where they meet nodes over relays alone.
        let boot = cluster.bootNetworks.map(\.name)
        let main = cluster.bootNetwork.map { boot.contains($0.name) ? [] : [$0.name] } ?? []
        return (main + boot).map { FirewallNeed(set.name, [open.port], from: .network($0)) }
      }
    }
  }

  package static func users(_ cluster: Cluster) -> [WantedUser] {
    cluster.sets.flatMap { set in
      set.users.map { WantedUser($0, because: "daemons of the package set \(set.name)", source: set.source) }
    }
  }

  package static func contributions(_ cluster: Cluster) -> [ImageContribution] {
    cluster.sets.compactMap { set in
      let side = set.nodes
      guard side != PackageSet.Side() else { return nil }
      let entries = side.files.filter { $0.live == nil }.compactMap { file in
        cluster.filledSets.onNodes(file, of: set)?.common.map {
          (String(file.path.dropFirst()), TreeGoal.Entry($0, executable: file.isExecutable))
        }
      }
      return ImageContribution(
        name: "set-\(set.name)", packages: side.packages,
        files: Dictionary(entries, uniquingKeysWith: { first, _ in first }),
        program: side.units.isEmpty ? nil : enabling(side.units), images: set.images,
        because: "nodes have the package set \(set.name)", source: set.source)
    }
  }

  package static func problems(_ cluster: Cluster) -> [Diagnostic] {
    cluster.sets.isEmpty ? [] : pathProblems(cluster) + unitProblems(cluster) + cluster.filledSets.problems
  }

  /// Units of every head that `cluster` decides about itself: Pacemaker's, and those that Pacemaker starts.
  private static func unitProblems(_ cluster: Cluster) -> [Diagnostic] {
    let boot = Netboot.services(cluster)
    let taken = Set(boot.map(\.unit)).union(cluster.ha == nil ? [] : HighAvailabilityParts.units)
    return cluster.sets.flatMap { set in
      set.heads.units.filter(taken.contains).map { unit in
        Diagnostic(
          .serviceUnit, "The set `\(set.name)` names \(unit) among its units, which `cluster` decides about itself.",
          help: "Take it out of the set. For a daemon of the same program, bring along a unit with another name.",
          at: set.source)
      }
    }
  }

  /// Debian enables most units by itself; those that a set brings along are enabled here. See systemctl(1).
  private static func enabling(_ units: [String]) -> TreeGoal.Entry {
    TreeGoal.Entry(
      .text("#!/bin/sh\nset -eu\nexec systemctl enable --quiet -- \(units.joined(separator: " "))\n"), executable: true)
  }
}
