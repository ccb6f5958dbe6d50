// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The state of the others, as this repository knows it.
extension HistoryCopies {
  func names() async throws(AuditError) -> [String] {
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

  func reference(_ name: String) -> String {
    // A site's id may hold what git does not allow in a name: git-check-ref-format(1).
    let folder = site.map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined()
    return "refs/cluster/copies/\(folder)/\(name)"
  }

  func standing(
    _ problems: [String: AgentError?], _ taken: [String: [String]] = [:]
  ) async throws(AuditError) -> [HistoryCopy] {
    guard let tip = try await commit(at: AuditRepository.history) else { return [] }
    var copies: [HistoryCopy] = []
    for name in problems.keys.sorted() {
      var copy = try await standing(of: name, tip, problem: problems[name] ?? nil)
      copy.taken = taken[name] ?? []
      copies.append(copy)
    }
    return copies
  }

  func standing(of name: String, _ tip: String, problem: AgentError?) async throws(AuditError) -> HistoryCopy {
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

  func commit(at reference: String) async throws(AuditError) -> String? {
    let text = try await git(["rev-parse", "--verify", "--quiet", "\(reference)^{commit}"], allowing: 1)
    return text.isEmpty ? nil : text
  }

  func time(of commit: String) async throws(AuditError) -> Int {
    Int(try await git(["log", "-1", "--format=%ct", commit])) ?? 0
  }

  func isAncestor(_ older: String, of newer: String) async throws(AuditError) -> Bool {
    try await git(["rev-list", "--count", "--max-count=1", older, "--not", newer]) == "0"
  }

  func setting(_ name: String) async throws(AuditError) -> String? {
    let text = try await git(["config", "--type=bool", "--get", name], allowing: 1)
    return text.isEmpty ? nil : text
  }

  /// git's output without the line's end. `allowing`: a status that says "no" and nothing worse.
  @discardableResult
  func git(_ words: [String], allowing: Int32 = 0) async throws(AuditError) -> String {
    do throws(AgentError) {
      let result = try await Command.run("git", ["-C", folder] + words, environment: Self.environment)
      guard result.status == 0 || result.status == allowing else {
        throw AgentError(
          .commandFailed, "git \(words.first ?? "") failed", cause: result.lastLines,
          next: "Check the repository with `git status` and `git fsck`, repair it, then try again.")
      }
      return result.text.split(whereSeparator: \.isNewline).joined(separator: "\n")
    } catch {
      throw AuditError(.git, "the copies of the record cannot be looked after", cause: "\(error)", next: error.next)
    }
  }
}
