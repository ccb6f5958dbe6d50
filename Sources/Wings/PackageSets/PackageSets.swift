// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Templates

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
    if cluster.sets.isEmpty { return [] }
    let site = siteValues(cluster)
    return cluster.sets.flatMap { set in
      let values = site.of(set)
      // What does not tell heads apart is filled in once.
      let common = set.heads.files.filter { !$0.isOfOneHead }.map { ($0.path, filled($0, values.common)) }
      let texts = Dictionary(common) { first, _ in first }
      return cluster.heads.flatMap { head in
        SetOnHead(set: set, head: head, cluster: cluster, texts: texts, values: values.on(head.name)).resources
      }
    }
  }

  package static func services(_ cluster: Cluster) -> [HeadService] {
    cluster.sets.flatMap { set in
      set.services.map { service in
        var result = HeadService(
          name: service.name, unit: service.unit, checks: service.check.map { [$0] } ?? [], source: set.source)
        result.needs = service.needs
        result.keepsState = service.keepsState
        return result
      }
    }
  }

  package static func firewallNeeds(_ cluster: Cluster) -> [FirewallNeed] {
    cluster.sets.flatMap { set in
      set.ports.compactMap { open in
        if !open.isForNodes { return FirewallNeed(set.name, [open.port], from: .anywhere) }
        return cluster.bootNetwork.map { FirewallNeed(set.name, [open.port], from: .network($0.name)) }
      }
    }
  }

  package static func users(_ cluster: Cluster) -> [WantedUser] {
    cluster.sets.flatMap { set in
      set.users.map { WantedUser($0, because: "daemons of the package set \(set.name)", source: set.source) }
    }
  }

  package static func contributions(_ cluster: Cluster) -> [ImageContribution] {
    if cluster.sets.isEmpty { return [] }
    let site = siteValues(cluster)
    return cluster.sets.compactMap { set in
      let side = set.nodes
      guard side != PackageSet.Side() else { return nil }
      let values = site.of(set).common
      let entries = side.files.filter { $0.live == nil }.compactMap { file in
        filled(file, values).map {
          (String(file.path.dropFirst()), TreeGoal.Entry($0, executable: file.isExecutable))
        }
      }
      return ImageContribution(
        name: "set-\(set.name)", packages: side.packages,
        files: Dictionary(entries, uniquingKeysWith: { first, _ in first }),
        program: side.units.isEmpty ? nil : enabling(side.units),
        because: "nodes have the package set \(set.name)", source: set.source)
    }
  }

  /// Values that a template refuses: it was checked against their types, but not against what is in them.
  package static func problems(_ cluster: Cluster) -> [Diagnostic] {
    if cluster.sets.isEmpty { return [] }
    let site = siteValues(cluster)
    return pathProblems(cluster)
      + cluster.sets.flatMap { set -> [Diagnostic] in
        let values = site.of(set)
        let own = set.heads.files.filter(\.isOfOneHead)
        let heads =
          problems(set.heads.files.filter { !$0.isOfOneHead }, values.common)
          + cluster.heads.flatMap { head in problems(own, values.on(head.name)) }
        let nodes =
          problems(set.nodes.files.filter { $0.live == nil }, values.common)
          + set.nodes.files.filter { $0.live != nil }.compactMap { file in
            problem(file) { () throws(TemplateProblem) in _ = try texts(of: file, cluster, values) }
          }
        var seen: Set<SourceSpan> = []
        return (heads + nodes).filter { seen.insert($0.span).inserted }
      }
  }

  /// The text of a file of a set, as a machine gets it.
  package static func text(
    _ file: PackageSet.File, _ values: [String: TemplateValue]
  ) throws(TemplateProblem) -> Content {
    switch file.body {
    case .plain(let content): content
    case .template(let template): .text(try text(template, values))
    }
  }

  /// A template with its values filled in. Names are folded as everywhere else.
  static func text(
    _ template: Template, _ values: [String: TemplateValue]
  ) throws(TemplateProblem) -> String {
    try template.text(values) { names in HostlistText.fold(names.map { HostID($0) }) }
  }

  /// The values that a template of a set reads on a head, or in an image.
  package static func values(
    _ set: PackageSet, _ cluster: Cluster, on head: Head? = nil
  ) -> [String: TemplateValue] { siteValues(cluster).of(set).on(head?.name) }

  /// The values that all sets share.
  package static func siteValues(_ cluster: Cluster) -> SetValues {
    SetValues(cluster, serviceAddress: Netboot.serviceAddress(cluster))
  }

  private static func problems(_ files: [PackageSet.File], _ values: [String: TemplateValue]) -> [Diagnostic] {
    files.compactMap { file in problem(file) { () throws(TemplateProblem) in _ = try text(file, values) } }
  }

  /// The text of a file. Nil: `problems` has told what is wrong with it, and nothing is planned.
  static func filled(_ file: PackageSet.File, _ values: [String: TemplateValue]) -> Content? {
    try? text(file, values)
  }

  private static func problem(
    _ file: PackageSet.File, _ fill: () throws(TemplateProblem) -> Void
  ) -> Diagnostic? {
    do throws(TemplateProblem) {
      try fill()
      return nil
    } catch {
      return Diagnostic(
        .template, error.detail, help: error.help,
        at: SourceSpan(
          file: file.origin, line: error.line, column: error.column, endLine: error.line, endColumn: error.column + 1))
    }
  }

  /// Debian enables most units by itself; those that a set brings along are enabled here. See systemctl(1).
  private static func enabling(_ units: [String]) -> TreeGoal.Entry {
    TreeGoal.Entry(
      .text("#!/bin/sh\nset -eu\nexec systemctl enable --quiet -- \(units.joined(separator: " "))\n"), executable: true)
  }
}

extension PackageSet.File {
  /// Whether its template reads which head it is on.
  fileprivate var isOfOneHead: Bool {
    guard case .template(let template) = body else { return false }
    return template.reads.contains(SetVariables.headName)
  }
}
