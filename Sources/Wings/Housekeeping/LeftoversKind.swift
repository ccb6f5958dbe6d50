// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Images, package layers, agents and unfinished builds of earlier times on one head.
///
/// - An image is needed when the description names it, or when any node has told any head that it runs it, however long
///   ago: a silent node may be at work.
/// - Of the others the two newest of each image stay, and two of each other sort: the way back should cost nothing.
/// - While another head cannot tell what its nodes run, nothing is removed. Nobody waits for this.
package enum LeftoversKind: ResourceKind {
  package static let name = "leftovers"
  package static let removalRank = 40

  /// The number of each sort that stay without being needed.
  static let kept = 2
  /// A build takes no longer than half an hour: see `EnsureImage`.
  static let longestBuild = 3600

  package struct Desired: DesiredState {
    /// Every head: nodes report to any of them.
    package var heads: [HostID]
    /// Described images, as `name/digest`.
    package var images: [String]
    /// Keys of their packages, and of what those are installed on.
    package var packages: [String]

    package init(heads: [HostID], images: [String], packages: [String]) {
      self.heads = heads
      self.images = images.sorted()
      self.packages = Set(packages).sorted()
    }
  }

  package struct Actual: Hashable, Sendable {
    package var stored: [Stored]
    /// Images that nodes run, or are about to. Nil: some head could not tell.
    package var running: Set<String>?
  }

  package static func id(on host: HostID) -> ResourceID { ResourceID(name, on: host, "all") }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, StoredProbe())] + desired.heads.map { Question($0, NodeReportsProbe()) }
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let stored = try answers.answer(id.onlyHost, StoredProbe()) else { return nil }
    var running: Set<String> = []
    for head in desired.heads {
      do throws(Unreadable) {
        for report in try answers.answer(head, NodeReportsProbe()) ?? [] {
          running.formUnion(report.images)
        }
      } catch { return Actual(stored: stored, running: nil) }
    }
    return Actual(stored: stored, running: running)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    guard let actual else { return [] }
    return [draft(id, desired, actual, keeping: kept)].compactMap { $0 }
  }

  /// The step that removes what a head does not need. Nil: there is nothing, or it cannot be told.
  /// - Parameter kept: things of each sort, and builds of each image, that stay all the same.
  static func draft(_ id: ResourceID, _ desired: Desired, _ actual: Actual, keeping kept: Int) -> StepDraft? {
    guard let running = actual.running else { return nil }
    let leftovers = leftovers(actual.stored, desired, running, keeping: kept).sorted { $0.id < $1.id }
    if leftovers.isEmpty { return nil }
    return StepDraft(
      "remove", on: id.onlyHost, EnsureLeftoversAbsent(leftovers.map { .init($0.id, bytes: $0.bytes) }),
      because: kept == 0
        ? "no node runs them, and the spec names none of them"
        : "no node runs them, the spec names none of them, and \(kept == 2 ? "two" : "\(kept)") newer ones of each stay",
      changes: leftovers.map { "- \($0.id.sort.one) \($0.id.name), \($0.bytes >> 20) MiB" })
  }

  /// Nothing was put in place that could be taken away.
  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] { [] }

  private static func leftovers(
    _ stored: [Stored], _ desired: Desired, _ running: Set<String>, keeping kept: Int
  ) -> [Stored] {
    let images = running.union(desired.images)
    let packages = Set(desired.packages)
    let described = Set(desired.images.map(imageName))
    let unneeded = stored.filter { thing in
      switch thing.id.sort {
      case .image: !images.contains(thing.id.name)
      case .packages: !packages.contains(thing.id.name)
      case .build: thing.age > longestBuild
      case .agent: !thing.isRunning
      }
    }
    let groups = Dictionary(grouping: unneeded) { thing in
      thing.id.sort == .image ? imageName(thing.id.name) : " " + thing.id.sort.rawValue
    }
    return groups.flatMap { group, things in
      // Of an image that the description has dropped nobody goes back to the one before.
      let staying = things[0].id.sort == .build || things[0].id.sort == .image && !described.contains(group) ? 0 : kept
      return things.sorted { ($0.age, $0.id) < ($1.age, $1.id) }.dropFirst(staying)
    }
  }

  private static func imageName(_ identity: String) -> String { String(identity.prefix { $0 != "/" }) }
}
