// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The zone in which every machine tells local time, where `timezone:` says one: localtime(5), and `/etc/timezone`,
/// where Debian's own packages look it up. Without the key nothing is touched.
package enum TimeZone: Wing {
  package static let name = "timezone"
  package static let kinds: [AnyKind] = []
  /// Has the rules of all zones.
  static let package = "tzdata"

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard let zone = cluster.timezone else { return [] }
    return cluster.heads.flatMap { head -> [Resource] in
      let because = "local time is that of \(zone)"
      let installed = PackagesKind.id(on: head.name, name)
      return [
        .packages(
          on: head.name, name, [package], because: because, source: cluster.source,
          after: WellKnown.repositories(on: head.name) + [WellKnown.basePackages(on: head.name)]),
        // The link first: it fails where there is no such zone.
        .symbolicLink(
          on: head.name, "/etc/localtime", to: "/usr/share/zoneinfo/\(zone)", because: because, source: cluster.source,
          after: [installed]),
        .file(
          on: head.name, "/etc/timezone", text(zone), because: because, source: cluster.source,
          after: [SymbolicLinkKind.id(on: head.name, "/etc/localtime")]),
      ]
    }
  }

  package static func contributions(_ cluster: Cluster) -> [ImageContribution] {
    guard let zone = cluster.timezone else { return [] }
    return [
      ImageContribution(
        name: name, packages: [package], files: ["etc/timezone": TreeGoal.Entry(.text(text(zone)))],
        program: ImagePayload.text(PackageResources.timezone, executable: true), because: "nodes' local time",
        source: cluster.source)
    ]
  }

  static func text(_ zone: String) -> String { "\(zone)\n" }
}
