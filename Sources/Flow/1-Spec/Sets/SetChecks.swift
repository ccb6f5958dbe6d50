// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Checks over all sets: each is right by itself.
struct SetChecks {
  let sets: [PackageSet]
  let cluster: Cluster

  /// Whether all sets could be read: what one lacks that could not follows from that, and is not told too.
  private var isWhole: Bool { sets.count == cluster.setRequests.count }

  var problems: [Diagnostic] {
    files("heads", \.heads) { _, _ in true } + files("nodes", \.nodes, mayMeet) + secrets + needs + cycles + users
      + releases + services + units + groups + state
  }

  /// Whether two sets are on in one image.
  private func mayMeet(_ a: PackageSet, _ b: PackageSet) -> Bool {
    cluster.images.contains { a.isOn(in: $0.name) && b.isOn(in: $0.name) }
  }

  private func files(
    _ machines: String, _ side: (PackageSet) -> PackageSet.Side, _ meet: (PackageSet, PackageSet) -> Bool
  ) -> [Diagnostic] {
    var owners: [String: [PackageSet]] = [:]
    var problems: [Diagnostic] = []
    for set in sets {
      for path in Set(side(set).files.map(\.path) + side(set).secrets.map(\.path)).sorted() {
        let others = owners[path] ?? []
        owners[path] = others + [set]
        guard let owner = others.first(where: { meet($0, set) }) else { continue }
        problems.append(
          Diagnostic(
            .setPath, "The sets `\(owner.name)` and `\(set.name)` both have \(shown(path)) on \(machines).",
            help: "A path belongs to one set. Turn one of them off, or take the file out of your own.", at: set.source,
            notes: [.init(text: "the other one is turned on here", span: owner.source)]))
      }
    }
    return problems
  }

  /// Secrets of a set at a path that an image has a secret of its own for.
  private var secrets: [Diagnostic] {
    cluster.images.flatMap { image in
      sets.filter { $0.isOn(in: image.name) }.flatMap { set in
        set.nodes.secrets.filter { secret in image.secrets.contains { $0.path == secret.path } }.map { secret in
          Diagnostic(
            .setPath, "The set `\(set.name)` and the image `\(image.name)` both have \(shown(secret.path)) on nodes.",
            help: "Remove it from the image: the set brings it along.",
            at: image.pathSources[secret.path] ?? image.source,
            notes: [.init(text: "the set is turned on here", span: set.source)])
        }
      }
    }
  }

  private var needs: [Diagnostic] {
    let on = Set(cluster.setRequests.map(\.name))
    return sets.flatMap { set in
      set.needs.filter { !on.contains($0.set) }.map { need in
        Diagnostic(
          .setNeed, "The set `\(set.name)` needs the set `\(shown(need.set))`, which is not on.",
          help: "Turn it on: `packages: { \(need.set): {} }`.", at: set.source,
          notes: [.init(text: "it says so here", span: need.source)])
      }
    } + missing
  }

  /// Sets that are on in an image without one that they need there.
  private var missing: [Diagnostic] {
    let byName = Dictionary(sets.map { ($0.name, $0) }) { first, _ in first }
    return sets.flatMap { set in
      set.needs.flatMap { need -> [Diagnostic] in
        guard let other = byName[need.set], other.nodes != PackageSet.Side(), set.nodes != PackageSet.Side() else {
          return []
        }
        return cluster.images.filter { set.isOn(in: $0.name) && !other.isOn(in: $0.name) }.map { image in
          Diagnostic(
            .setNeed, "The set `\(set.name)` needs `\(other.name)`, which the image `\(image.name)` does not have.",
            help: "Turn it on there: `packages: { \(other.name): {} }`, or leave both out of the image.",
            at: image.source,
            notes: [
              .init(text: "\(set.name) is turned on here", span: set.source),
              .init(text: "its need is said here", span: need.source),
            ])
        }
      }
    }
  }

  /// Sets that are on in an image of another release than the heads, and must not be.
  private var releases: [Diagnostic] {
    sets.flatMap { set -> [Diagnostic] in
      guard let rule = set.sameRelease else { return [] }
      return cluster.images.filter { $0.release != Cluster.releaseOfHeads && set.isOn(in: $0.name) }.map { image in
        Diagnostic(
          .setNeed,
          "The set `\(set.name)` needs nodes of the heads' release, \(Cluster.releaseOfHeads), and the image "
            + "`\(image.name)` is of \(image.release).",
          help:
            "Write `release: \(Cluster.releaseOfHeads)` there, or leave the set out of it: `without: [\(set.name)]`.",
          at: image.source,
          notes: [
            .init(text: "\(set.name) is turned on here", span: set.source), .init(text: "its rule is here", span: rule),
          ])
      }
    }
  }

  /// Sets that need each other in a ring: each ring is told once, at its first set.
  private var cycles: [Diagnostic] {
    let byName = Dictionary(sets.map { ($0.name, $0) }) { first, _ in first }
    return sets.compactMap { set in
      guard let ring = ring(from: set, byName), ring.map(\.name).min() == set.name else { return nil }
      let names = (ring + [set]).map { "`\($0.name)`" }
      return Diagnostic(
        .setNeed, "These sets need each other: \(names.joined(separator: " needs ")).",
        help: "One has to be first. Take one of them out of `needs:`.", at: set.needs.first?.source ?? set.source)
    }
  }

  private func ring(from start: PackageSet, _ byName: [String: PackageSet]) -> [PackageSet]? {
    var seen: Set<String> = []
    func walk(_ set: PackageSet, _ path: [PackageSet]) -> [PackageSet]? {
      for need in set.needs {
        if need.set == start.name { return path }
        guard seen.insert(need.set).inserted, let next = byName[need.set] else { continue }
        if let ring = walk(next, path + [next]) { return ring }
      }
      return nil
    }
    return walk(start, [start])
  }

  /// One number for two accounts, or two numbers for one.
  private var users: [Diagnostic] {
    var known: [(SystemUser, PackageSet)] = []
    var problems: [Diagnostic] = []
    for set in sets {
      for user in set.users {
        let other = known.first { other, _ in
          other.name == user.name ? other != user : other.uid == user.uid || other.gid == user.gid
        }
        known.append((user, set))
        guard let (taken, owner) = other else { continue }
        problems.append(
          Diagnostic(
            .setUser,
            "The account \(user.name) of the set `\(set.name)` (\(user.uid):\(user.gid)) and \(taken.name) of "
              + "`\(owner.name)` (\(taken.uid):\(taken.gid)) contradict each other.",
            help: "A name and a number mean one account on all machines. Change the numbers in your own set.",
            at: set.source, notes: [.init(text: "the other one is turned on here", span: owner.source)]))
      }
    }
    return problems
  }

  private var services: [Diagnostic] {
    var taken = Set((cluster.ha?.services ?? []).map(\.name) + Network.Service.allCases.map(\.rawValue))
    let names = Set(sets.flatMap(\.services).map(\.name))
    return sets.flatMap { set in
      set.services.flatMap { service -> [Diagnostic] in
        var problems: [Diagnostic] = []
        if !taken.insert(service.name).inserted {
          problems.append(
            Diagnostic(
              .serviceName, "There is another service `\(service.name)`.", help: "Give one of them another name.",
              at: service.source, notes: [.init(text: "the set is turned on here", span: set.source)]))
        }
        for need in service.needs where isWhole && !names.contains(need) || need == service.name {
          problems.append(
            Diagnostic(
              .setNeed, "No set that is on has a service `\(shown(need))` which `\(service.name)` could start after.",
              help: "Turn the set on that has it, or remove it from `needs`.", at: service.source,
              notes: [.init(text: "the set is turned on here", span: set.source)]))
        }
        return problems
      }
    }
  }

  /// Units that Pacemaker is to start on one head, and that another set has too. Plain units of several sets are the
  /// same wish, and are one.
  private var units: [Diagnostic] {
    var problems: [Diagnostic] = []
    for (index, set) in sets.enumerated() {
      for service in set.services {
        let inUnits = sets.first { $0.heads.units.contains(service.unit) }
        let inServices = sets.prefix(index).first { $0.services.contains { $0.unit == service.unit } }
        let own = set.services.first { $0.unit == service.unit && $0.name != service.name }
        guard let other = inUnits ?? inServices ?? (own == nil ? nil : set) else { continue }
        problems.append(
          Diagnostic(
            .serviceUnit,
            "\(shown(service.unit)) is the service `\(service.name)` of the set `\(set.name)`, which runs on one head, "
              + "and " + (inUnits == nil ? "another service" : "a unit of every head") + " of `\(other.name)`.",
            help: "A unit is one of the two, of one set. Turn one of the sets off, or take the unit out of your own.",
            at: service.source, notes: [.init(text: "the other one is turned on here", span: other.source)]))
      }
    }
    return problems
  }

  /// A service that forgets everything when it moves, and a folder in which nothing is kept.
  private var state: [Diagnostic] {
    guard let policy = cluster.ha else { return [] }
    let keepers = sets.flatMap { set in set.services.filter(\.keepsState).map { (set, $0) } }
    if let state = policy.state, keepers.isEmpty, isWhole {
      return [
        Diagnostic(
          .noEffect, "No service keeps its state in `\(shown(state.path))`.",
          help: "Turn on a package set that has one, such as `slurm`, or remove `state:`.", at: state.source)
      ]
    }
    guard policy.state == nil else { return [] }
    return keepers.map { set, service in
      Diagnostic(
        .setNeed, "`\(service.name)` keeps its state on disk, and each head has a disk of its own.",
        help: "Give both heads one folder for it: `ha: { state: { shared: /srv/state } }`.", at: set.source,
        notes: [.init(text: "the set says so here", span: service.source)])
    }
  }

  /// Groups that speak of a set which is off, or not in their image.
  private var groups: [Diagnostic] {
    let on = Dictionary(cluster.setRequests.map { ($0.name, $0.images) }) { first, _ in first }
    let images = Dictionary(cluster.nodes.map { ($0.source, $0.image) }) { first, _ in first }
    return cluster.groupRequests.flatMap { group, requests in
      requests.filter { request in
        guard let only = on[request.name] else { return true }
        return images[group].map { image in only?.contains(image) == false } ?? false
      }
    }
    .sorted { ($0.source.line, $0.source.column) < ($1.source.line, $1.source.column) }
    .map { request in
      Diagnostic(
        .setNeed, "The set `\(shown(request.name))` is not on, so these nodes have no settings of it.",
        help: "Turn it on, for the cluster or their image: `packages: { \(request.name): {} }`.", at: request.source)
    }
  }
}
