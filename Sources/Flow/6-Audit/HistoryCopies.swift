// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The places that keep the record too: every head, and the remotes that git's configuration names.
///
/// All of it is done by git(1). What each place is known to have is a reference of ours,
/// `refs/cluster/copies/SITE/NAME`: a place that cannot be reached is behind until a later run reaches it. Nothing is
/// ever forced: a place that has runs which are not here has its history joined with ours, by a commit after both.
package struct HistoryCopies: Sendable {
  /// A remote takes part when `git config remote.NAME.clusterHistory true` says so.
  static let remoteSetting = "clusterhistory"
  static let deadline = Duration.seconds(60)

  let folder: String
  let site: String
  let by: String
  let heads: [String: any HistoryKeeper]

  /// - Parameters:
  ///   - folder: the spec's folder, in a git repository.
  ///   - by: who asks: `user@machine`.
  package init(
    folder: String, site: String, by: String,
    heads: [String: any HistoryKeeper]
  ) {
    self.folder = folder
    self.site = site
    self.by = by
    self.heads = heads
  }

  // MARK: The calls

  /// How the copies stand, by what is known here. Reaches nobody.
  /// - Parameter others: heads besides those that can be reached from here.
  package func standing(others: [String] = []) async throws(AuditError) -> [HistoryCopy] {
    guard let tip = try await commit(at: AuditRepository.history) else { return [] }
    var copies: [HistoryCopy] = []
    for name in others.sorted() + (try await names()) {
      copies.append(try await standing(of: name, tip, problem: nil))
    }
    return copies
  }

  /// Sends each place what it lacks. A place that cannot be reached stays behind, with the reason.
  package func distribute() async throws(AuditError) -> [HistoryCopy] {
    let names = try await names()
    var problems = await onAll(names) { (place) throws(AgentError) in try await push(to: place) }
    guard problems.values.contains(where: { $0?.isDivergence == true }) else { return try await standing(problems) }
    // Somebody recorded runs there that are not here: they become part of the record, which then everybody gets.
    let taken: [String: [String]]
    (problems, taken) = try await join(names)
    let reached = names.filter { (problems[$0] ?? nil) == nil }
    let again = await onAll(reached) { (place) throws(AgentError) in try await push(to: place) }
    problems.merge(again) { _, new in new }
    return try await standing(problems, taken)
  }

  /// Takes over runs that were recorded elsewhere. Places that cannot be reached are told, and nothing else.
  package func gather() async throws(AuditError) -> [HistoryCopy] {
    let (problems, taken) = try await join(try await names())
    return try await standing(problems, taken)
  }

  // MARK: Joining

  /// Fetches from each place and joins what it has with what is here, if it is what it says.
  private func join(_ names: [String]) async throws(AuditError) -> ([String: AgentError?], [String: [String]]) {
    var taken: [String: [String]] = [:]
    var problems = await onAll(names) { (place) throws(AgentError) in try await fetch(from: place) }
    for name in names {
      guard let theirs = try await commit(at: reference(name)) else { continue }
      guard let ours = try await commit(at: AuditRepository.history) else {
        try await git(["update-ref", AuditRepository.history, theirs, ""])
        continue
      }
      if try await isAncestor(theirs, of: ours) { continue }
      let newcomers = try await AuditRepository(folder: folder).examine(theirs, since: ours)
      if let problem = newcomers.problem {
        problems[name] = .some(problem.refusal(of: name))
        continue
      }
      taken[name] = newcomers.runs
      let joined = try await isAncestor(ours, of: theirs) ? theirs : joint(ours, theirs, from: name)
      try await git(["update-ref", "-m", "joined with \(name)", AuditRepository.history, joined, ours])
    }
    return (problems, taken)
  }

  /// A commit after both. Its files are those of the newer one, whose parent comes first.
  private func joint(_ ours: String, _ theirs: String, from name: String) async throws(AuditError) -> String {
    let (a, b) = (try await time(of: ours), try await time(of: theirs))
    let (newer, older) = a >= b ? (ours, theirs) : (theirs, ours)
    let signs = try await setting("commit.gpgsign")
    let message =
      "Join the histories of here and \(name)\n\nBoth had runs that the other had not.\n\nJoin: \(older)\nBy: \(by)\n"
    return try await git(
      ["commit-tree", "-p", newer, "-p", older, "-m", message] + (signs == "true" ? ["-S"] : []) + ["\(newer)^{tree}"])
  }
}

/// How a copy of the record stands to the one here.
package struct HistoryCopy: Hashable, Codable, Sendable {
  /// The head's name, or the remote's.
  package var name: String
  /// Commits that it does not have yet. 0: it has them all.
  package var behind: Int
  /// When the first of those was recorded, in seconds since 1970.
  package var behindSince: Int?
  /// Why it could not be brought up to date just now, and what to do.
  package var problem: String?
  package var next: String?
  /// Runs of its own that became a part of the record just now: each one's name, and who recorded it.
  package var taken: [String]

  package init(
    name: String, behind: Int, behindSince: Int? = nil, problem: String? = nil, next: String? = nil,
    taken: [String] = []
  ) {
    self.taken = taken
    self.name = name
    self.behind = behind
    self.behindSince = behindSince
    self.problem = problem
    self.next = next
  }

  package var isCurrent: Bool { behind == 0 && problem == nil }
}
