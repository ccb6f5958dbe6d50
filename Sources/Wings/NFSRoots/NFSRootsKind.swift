// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The NFS server for the roots of nodes on one head, and the builds that nodes run from.
///
/// - A head whose kernel has no NFS server is told so before anything is changed on it.
/// - A build that any node runs is fetched from a head that has it, described or not: nodes go on from whichever
///   head has the address next.
/// - Nothing is taken away when the description drops it: nodes may run from it. `LeftoversKind` removes a build and
///   its export when no node does; a server that exports nothing is left.
package enum NFSRootsKind: ResourceKind {
  package static let name = "nfs-roots"
  package static let removalRank = 40

  package struct Desired: DesiredState {
    /// In place before the packages, which start the server as they are installed.
    package var files: [FileGoal]
    package var packages: [String]
    package var units: [UnitGoal]
    /// Names of images that nodes run from.
    package var images: [String]
    /// Every head: nodes report to any of them, and each may have builds that another one lacks.
    package var heads: [ImageKind.Place]
  }

  package struct Actual: Hashable, Sendable {
    package var files: [String: FileKind.Actual]
    package var packages: PackagesKind.Actual?
    package var units: [String: UnitState]
    /// Builds on each head that answers.
    package var stored: [HostID: Set<String>]
    /// Builds that nodes run, or are about to, as heads that answer have heard.
    package var running: Set<String>
  }

  package static func id(on host: HostID) -> ResourceID { ResourceID(name, on: host, "server") }

  private static let kernel = KernelFileSystemProbe("nfsd")
}

extension NFSRootsKind {
  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    desired.files.flatMap { EnsureFile($0).claims(on: id.onlyHost) }
      + EnsurePackages(desired.packages).claims(on: id.onlyHost)
      + desired.units.flatMap { EnsureUnit($0).claims(on: id.onlyHost) }
  }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, kernel)]
      + parts(of: desired, on: id.onlyHost).flatMap(\.questions)
      + desired.heads.flatMap { [Question($0.head, StoredProbe()), Question($0.head, NodeReportsProbe())] }
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    let host = id.onlyHost
    guard let isServing = try answers.answer(host, kernel) else { return nil }
    guard isServing else {
      throw .failed(
        host,
        AgentError(
          .notFound, "The kernel of \(host) has no NFS server",
          next: "Boot Debian's own kernel on \(host): a container has that of the machine around it. Or let the nodes "
            + "boot from memory: `boot: stateless`."))
    }
    var actual = Actual(files: [:], packages: nil, units: [:], stored: [:], running: [])
    for file in desired.files {
      actual.files[file.path] = try FileKind.interpret(
        FileKind.id(on: host, file.path), FileKind.Desired(file), answers)
    }
    actual.packages = try PackagesKind.interpret(
      PackagesKind.id(on: host, name), PackagesKind.Desired(desired.packages), answers)
    for unit in desired.units {
      actual.units[unit.name] = try UnitKind.interpret(
        UnitKind.id(on: host, unit.name), UnitKind.Desired(unit), answers)
    }
    for head in desired.heads.map(\.head) where answers.isReachable(head) {
      // A head that cannot tell holds nobody up: what it has is found with the next run.
      guard let stored = try? answers.answer(head, StoredProbe()),
        let reports = try? answers.answer(head, NodeReportsProbe())
      else { continue }
      actual.stored[head] = Set(stored.filter { $0.id.sort == .image }.map(\.id.name))
      actual.running.formUnion(reports.flatMap(\.images))
    }
    return actual
  }
}

extension NFSRootsKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    var context = context
    var drafts: [StepDraft] = []
    for part in parts(of: desired, on: id.onlyHost) {
      let steps = try part.steps(actual, context)
      if !steps.isEmpty { context = context.with(changing: part.id) }
      drafts += steps
    }
    return drafts + fetches(id.onlyHost, desired, actual)
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] { [] }

  private static func fetches(_ host: HostID, _ desired: Desired, _ actual: Actual?) -> [StepDraft] {
    guard let actual, let own = actual.stored[host] else { return [] }
    return actual.running.subtracting(own).sorted().compactMap { build in
      let parts = build.split(separator: "/").map(String.init)
      guard parts.count == 2, desired.images.contains(parts[0]),
        let holder = desired.heads.first(where: { actual.stored[$0.head]?.contains(build) == true })
      else { return nil }
      return StepDraft(
        "fetch-\(parts[0])-\(parts[1])", on: host,
        EnsureImageFetched(name: parts[0], digest: parts[1], source: holder.url),
        because: "nodes run from \(build), and \(host) could not serve it to them", independent: true)
    }
  }

  /// A part of the whole, as the kind of such parts sees it.
  private struct Part {
    var id: ResourceID
    var questions: [Question]
    var steps: (Actual?, PlanContext) throws(Unreadable) -> [StepDraft]
  }

  private static func parts(of desired: Desired, on host: HostID) -> [Part] {
    let files = desired.files.map { file in
      let (id, goal) = (FileKind.id(on: host, file.path), FileKind.Desired(file))
      return Part(id: id, questions: FileKind.questions(id, goal)) { (actual, context) throws(Unreadable) in
        try named(file.path, FileKind.steps(id, goal, actual?.files[file.path], context))
      }
    }
    let (id, goal) = (PackagesKind.id(on: host, name), PackagesKind.Desired(desired.packages))
    let packages = Part(id: id, questions: PackagesKind.questions(id, goal)) { (actual, context) throws(Unreadable) in
      try PackagesKind.steps(id, goal, actual?.packages, context)
    }
    let units = desired.units.map { unit in
      let id = UnitKind.id(on: host, unit.name)
      let goal = UnitKind.Desired(unit, watches: unit.configuration.map { FileKind.id(on: host, $0) })
      return Part(id: id, questions: UnitKind.questions(id, goal)) { (actual, context) throws(Unreadable) in
        try named(unit.name, UnitKind.steps(id, goal, actual?.units[unit.name], context))
      }
    }
    return files + [packages] + units
  }

  /// Steps of several parts have names of their own.
  private static func named(_ part: String, _ drafts: [StepDraft]) -> [StepDraft] {
    drafts.map { draft in
      var draft = draft
      draft.verb += "-" + (part.split(separator: "/").last.map(String.init) ?? part)
      return draft
    }
  }
}

extension PlanContext {
  /// The same for parts of a resource that come after one which changes.
  fileprivate func with(changing id: ResourceID) -> PlanContext {
    PlanContext(
      answers: answers, activeHead: activeHead, changing: changing.union([id]), now: now, previous: previous,
      isOwned: isOwned)
  }
}
