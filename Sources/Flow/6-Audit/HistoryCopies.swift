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
  private static let remoteSetting = "clusterhistory"
  private static let deadline = Duration.seconds(60)

  private let folder: String
  private let site: String
  private let by: String
  private let heads: [String: any HistoryKeeper]

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
    problems = try await join(names)
    let reached = names.filter { (problems[$0] ?? nil) == nil }
    let again = await onAll(reached) { (place) throws(AgentError) in try await push(to: place) }
    problems.merge(again) { _, new in new }
    return try await standing(problems)
  }

  /// Takes over runs that were recorded elsewhere. Places that cannot be reached are told, and nothing else.
  package func gather() async throws(AuditError) -> [HistoryCopy] {
    try await standing(join(try await names()))
  }

  // MARK: Joining

  /// Fetches from each place and joins what it has with what is here.
  private func join(_ names: [String]) async throws(AuditError) -> [String: AgentError?] {
    let problems = await onAll(names) { (place) throws(AgentError) in try await fetch(from: place) }
    for name in names {
      guard let theirs = try await commit(at: reference(name)) else { continue }
      guard let ours = try await commit(at: AuditRepository.history) else {
        try await git(["update-ref", AuditRepository.history, theirs, ""])
        continue
      }
      if try await isAncestor(theirs, of: ours) { continue }
      let joined = try await isAncestor(ours, of: theirs) ? theirs : joint(ours, theirs, from: name)
      try await git(["update-ref", "-m", "joined with \(name)", AuditRepository.history, joined, ours])
    }
    return problems
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

  // MARK: One place

  private func push(to place: HistoryPlace) async throws(AgentError) {
    let receive = place.receive.map { ["--receive-pack=\($0)"] } ?? []
    let result = try await Command.run(
      "git", words(place) + ["push", "--porcelain"] + receive + [place.url, AuditRepository.history],
      environment: Self.environment, deadline: Self.deadline)
    if !result.succeeded { throw explained(result, place) }
    try await Command.checked(
      "git", ["-C", folder, "update-ref", reference(place.name), AuditRepository.history],
      next: "Look at the repository with `git fsck`.")
  }

  private func fetch(from place: HistoryPlace) async throws(AgentError) {
    let send = place.send.map { ["--upload-pack=\($0)"] } ?? []
    let result = try await Command.run(
      "git",
      words(place) + ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap="] + send
        + [place.url, "+\(AuditRepository.history):\(reference(place.name))"],
      environment: Self.environment, deadline: Self.deadline)
    // Nothing was pushed there yet.
    if result.errorText.contains("couldn't find remote ref") { return }
    if !result.succeeded { throw explained(result, place) }
  }

  private static let environment = ["GIT_TERMINAL_PROMPT": "0"]

  private func words(_ place: HistoryPlace) -> [String] {
    ["-C", folder] + place.settings.flatMap { ["-c", $0] }
  }

  /// git says in words only why it failed: git-push(1), "OUTPUT".
  private func explained(_ result: CommandResult, _ place: HistoryPlace) -> AgentError {
    let said = result.errorText + result.text
    if ["(fetch first)", "(non-fast-forward)", "non-fast-forward"].contains(where: said.contains) {
      return AgentError(
        .conflict, "\(place.name) has runs that are not recorded here", cause: result.lastLines,
        next: "Apply again: it takes them over. If it goes on, compare the two: git fetch \(place.url) "
          + AuditRepository.history)
    }
    return AgentError(
      .unreachable, "the record could not be exchanged with \(place.name)", cause: result.lastLines,
      next: "The next run tries again. To look: git ls-remote \(place.url)")
  }

  /// Does the same with all at once. Nil for those where it worked.
  private func onAll(
    _ names: [String], _ work: @escaping @Sendable (HistoryPlace) async throws(AgentError) -> Void
  ) async -> [String: AgentError?] {
    await withTaskGroup(of: (String, AgentError?).self) { group in
      for name in names {
        group.addTask {
          do throws(AgentError) { try await work(place(name)) } catch { return (name, error) }
          return (name, nil)
        }
      }
      var problems: [String: AgentError?] = [:]
      for await (name, problem) in group { problems[name] = .some(problem) }
      return problems
    }
  }

  private func place(_ name: String) async throws(AgentError) -> HistoryPlace {
    if let head = heads[name] { return try await head.historyPlace() }
    return HistoryPlace(name: name, url: name)
  }

  // MARK: What is known here

  private func names() async throws(AuditError) -> [String] {
    heads.keys.sorted() + (try await remotes()).filter { heads[$0] == nil }
  }

  private func remotes() async throws(AuditError) -> [String] {
    let text = try await git(
      ["config", "--type=bool", "--get-regexp", "^remote\\..*\\.\(Self.remoteSetting)$"], allowing: 1)
    return text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 2, words[1] == "true" else { return nil }
      return String(words[0].dropFirst("remote.".count).dropLast(Self.remoteSetting.count + 1))
    }.sorted()
  }

  private func reference(_ name: String) -> String {
    // A site's id may hold what git does not allow in a name: git-check-ref-format(1).
    let folder = site.map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined()
    return "refs/cluster/copies/\(folder)/\(name)"
  }

  private func standing(_ problems: [String: AgentError?]) async throws(AuditError) -> [HistoryCopy] {
    guard let tip = try await commit(at: AuditRepository.history) else { return [] }
    var copies: [HistoryCopy] = []
    for name in problems.keys.sorted() {
      copies.append(try await standing(of: name, tip, problem: problems[name] ?? nil))
    }
    return copies
  }

  private func standing(of name: String, _ tip: String, problem: AgentError?) async throws(AuditError) -> HistoryCopy {
    let known = try await commit(at: reference(name))
    if known == tip { return HistoryCopy(name: name, behind: 0, problem: problem.map { "\($0)" }, next: problem?.next) }
    let times = try await git(
      ["log", "--format=%ct", "--reverse", tip] + (known.map { ["--not", $0] } ?? [])
    )
    .split(separator: "\n")
    return HistoryCopy(
      name: name, behind: times.count, behindSince: times.first.flatMap { Int($0) }, problem: problem.map { "\($0)" },
      next: problem?.next)
  }

  private func commit(at reference: String) async throws(AuditError) -> String? {
    let text = try await git(["rev-parse", "--verify", "--quiet", "\(reference)^{commit}"], allowing: 1)
    return text.isEmpty ? nil : text
  }

  private func time(of commit: String) async throws(AuditError) -> Int {
    Int(try await git(["log", "-1", "--format=%ct", commit])) ?? 0
  }

  private func isAncestor(_ older: String, of newer: String) async throws(AuditError) -> Bool {
    try await git(["rev-list", "--count", "--max-count=1", older, "--not", newer]) == "0"
  }

  private func setting(_ name: String) async throws(AuditError) -> String? {
    let text = try await git(["config", "--type=bool", "--get", name], allowing: 1)
    return text.isEmpty ? nil : text
  }

  /// git's output without the line's end. `allowing`: a status that says "no" and nothing worse.
  @discardableResult
  private func git(_ words: [String], allowing: Int32 = 0) async throws(AuditError) -> String {
    do throws(AgentError) {
      let result = try await Command.run("git", ["-C", folder] + words, environment: Self.environment)
      guard result.status == 0 || result.status == allowing else {
        throw AgentError(
          .commandFailed, "git \(words.first ?? "") failed", cause: result.lastLines,
          next: "Look at the repository with `git status` and `git fsck`; mend it, then try again.")
      }
      return result.text.split(whereSeparator: \.isNewline).joined(separator: "\n")
    } catch {
      throw AuditError(.git, "the copies of the record cannot be looked after", cause: "\(error)", next: error.next)
    }
  }
}

extension AgentError {
  fileprivate var isDivergence: Bool { code == .conflict }
}
