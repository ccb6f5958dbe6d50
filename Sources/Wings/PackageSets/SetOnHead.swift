// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The resources of one set on one head.
struct SetOnHead {
  let set: PackageSet
  let head: Head
  let cluster: Cluster

  private var side: PackageSet.Side { self.set.heads }
  private var because: String { "heads have the package set \(set.name)" }
  private var installed: ResourceID { PackagesKind.id(on: head.name, "set-\(set.name)") }

  /// All but units of the set, which another set may name too.
  var resources: [Resource] { packages + files + secrets + services }

  /// Accounts first: the packages would make them with any numbers.
  private var packages: [Resource] {
    if side.packages.isEmpty { return [] }
    return [
      .packages(
        on: head.name, "set-\(set.name)", side.packages, because: because, source: set.source,
        after: WellKnown.repositories(on: head.name) + [WellKnown.basePackages(on: head.name)] + accounts)
    ]
  }

  private var accounts: [ResourceID] { self.set.users.map { SystemUserKind.id(on: head.name, $0.name) } }

  private var files: [Resource] {
    let permissions = Dictionary(side.permissions.map { ($0.path, $0) }) { first, _ in first }
    return side.files.compactMap { file in
      guard let contents = cluster.filledSets.onHeads(file, of: self.set)?.on(head.name) else { return nil }
      let permission = permissions[file.path]
      return .file(
        on: head.name,
        FileGoal(
          path: file.path, contents: contents, mode: permission?.mode ?? (file.isExecutable ? 0o755 : nil),
          owner: permission?.owner), because: because, source: set.source, after: [installed] + accounts)
    }
  }

  private var secrets: [Resource] {
    side.secrets.map { secret in
      .secretFile(
        on: head.name, secret.path, secret.secret, mode: secret.mode, owner: secret.owner, because: because,
        source: set.source, after: [installed] + accounts)
    }
  }

  /// Units of all sets, each once: where several name one, it takes up the files of all of them, and goes with the
  /// last.
  ///
  /// After Pacemaker is installed: programs that look at it end when it is not there.
  static func units(_ cluster: Cluster, on head: Head) -> [Resource] {
    let others = [PackagesKind.id(on: head.name, HighAvailability.name)]
    var names: [String] = []
    var owners: [String: [SetOnHead]] = [:]
    for set in cluster.sets {
      for unit in set.heads.units {
        if owners[unit] == nil { names.append(unit) }
        owners[unit, default: []].append(SetOnHead(set: set, head: head, cluster: cluster))
      }
    }
    return names.compactMap { unit in
      guard let all = owners[unit], let first = all.first else { return nil }
      let words = all.map(\.set.name).joined(separator: " and ")
      // A set may need another one that names the same unit.
      let own = WellKnown.unit(unit, on: head.name)
      let after = all.flatMap { [$0.installed] + $0.needed.filter { $0 != own } }
      return .unit(
        on: head.name,
        .init(
          UnitGoal(name: unit, enabled: true, active: true, configuration: all.flatMap(\.configuration)),
          watches: all.flatMap(\.watched)),
        because: "heads have the package \(all.count == 1 ? "set" : "sets") \(words)", source: first.set.source,
        after: after + others)
    }
  }

  /// With high availability they are Pacemaker's to start and stop, and configured and reloaded here. Without it the
  /// first head alone runs them.
  private var services: [Resource] {
    let serves = cluster.ha == nil && head.name == cluster.primary?.name
    let released = cluster.ha == nil ? [PacemakerConfigurationKind.id] : []
    return set.services.map { service in
      let goal = UnitGoal(
        name: service.unit, enabled: serves, active: cluster.ha == nil ? serves : nil, configuration: configuration,
        reload: service.reloads ? .reload : .restart)
      return .unit(
        on: head.name, .init(goal, watches: watched), because: because, source: set.source,
        after: [installed] + needed + siblings(service) + state(service), afterRemoval: released)
    }
  }

  private func state(_ service: PackageSet.Service) -> [ResourceID] {
    guard service.keepsState, let state = cluster.ha?.state else { return [] }
    return [StateFolderKind.id(on: head.name, state.path), ReplicaKind.id(on: head.name, state.path)]
  }

  private var configuration: [String] { side.files.map(\.path) + side.secrets.map(\.path) }

  private var watched: [ResourceID] {
    side.files.map { FileKind.id(on: head.name, $0.path) }
      + side.secrets.map { SecretFileKind.id(on: head.name, $0.path) }
  }

  /// Units and services of the sets that this one needs.
  private var needed: [ResourceID] {
    let names = Set(set.needs.map(\.set))
    return cluster.sets.filter { names.contains($0.name) }.flatMap { other in
      (other.heads.units + other.services.map(\.unit)).map { WellKnown.unit($0, on: head.name) }
    }
  }

  /// Units of the set itself, and services that this one needs.
  private func siblings(_ service: PackageSet.Service) -> [ResourceID] {
    let needed = cluster.sets.flatMap(\.services).filter { service.needs.contains($0.name) }.map(\.unit)
    return (side.units + needed).map { WellKnown.unit($0, on: head.name) }
  }
}
