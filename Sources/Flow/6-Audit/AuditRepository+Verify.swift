// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git
import HostAccess

extension AuditRepository {
  /// Looks through the whole record: every commit and everything in it, signatures, and whether runs are missing.
  ///
  /// What git guarantees (a commit's name covers its content and all before it) makes a change in the middle a change
  /// of every later commit. So the tip is compared with what is known of it: git's reflog, copies on other machines,
  /// and the runs in this machine's journal.
  package func verify(journal: [EndedRun], site: String) async throws(AuditError) -> Verification {
    do { return try await verified(journal, site: site) } catch { throw AuditError(error) }
  }

  private func verified(_ journal: [EndedRun], site: String) async throws -> Verification {
    let repository = try GitRepository(containing: folder)
    var result = Verification()
    guard let tip = try repository.commit(at: Self.history) else {
      for run in journal {
        result.find(
          nil, "run \(run.id) of this machine's journal is not recorded: there is no history at all", next: Self.restore
        )
      }
      return result
    }
    let chain = try readChain(tip, repository, &result)
    Generations.check(chain, &result)
    try checkKnownTips(tip, chain, repository, &result)
    let recorded = Set(chain.compactMap { $0.trailers["Run"] })
    for run in journal where !recorded.contains(run.recordedAs) {
      result.find(
        nil, "run \(run.id), which ended \(run.result) on this machine, is not recorded",
        next: "Check whether its commit was lost: git reflog cluster/history; " + Self.restore)
    }
    try await checkSignatures(chain, repository, &result)
    return result
  }

  static let restore = "Fetch the history from a copy of it: another head, a remote or another administrator's clone."

  /// Every commit that the tip leads to, and whether each says what it holds.
  private func readChain(
    _ tip: GitID, _ repository: GitRepository, _ result: inout Verification
  ) throws -> [GitCommit] {
    var chain: [GitCommit] = []
    var checked: Set<GitID> = []
    var runs: [String: GitID] = [:]
    do throws(GitError) {
      let walk = try repository.walk(from: tip)
      while let commit = try walk.next() {
        chain.append(commit)
        check(commit, repository, &checked, &result)
        if let run = commit.trailers["Run"], let other = runs.updateValue(commit.id, forKey: run) {
          result.find(commit.id, "run \(run) is recorded twice, also as \(other)", next: Self.restore)
        }
      }
    } catch {
      result.find(chain.last?.id, "what comes before this commit cannot be read: \(error)", next: error.next)
    }
    result.commits = chain.count
    result.runs = runs.count
    return chain
  }

  func check(
    _ commit: GitCommit, _ repository: GitRepository, _ checked: inout Set<GitID>, _ result: inout Verification
  ) {
    do {
      try readAll(commit.tree, repository, &checked)
      guard commit.trailers["Run"] != nil else {
        if let problem = try joining(commit, repository) { result.find(commit.id, problem, next: Self.restore) }
        return
      }
      if commit.parents.count > 1 { result.find(commit.id, "a run has more than one parent", next: Self.restore) }
      for name in ["Spec", "Result", "By", "Tool", "Site"] where commit.trailers[name] == nil {
        result.find(commit.id, "its message has no \(name):", next: Self.restore)
      }
      guard let run = RunRecord(commit) else { return }
      let outcome = try outcome(of: run)
      if outcome.run != run.id {
        result.find(commit.id, "its message says run \(run.id), and outcome.json \(outcome.run)", next: Self.restore)
      }
      if let said = Generations.read(commit.trailers["Generation"]), said != outcome.generations {
        result.find(
          commit.id, "its message says generation \(said), and outcome.json \(outcome.generations)", next: Self.restore)
      }
      if outcome.finishedAt != commit.time {
        result.find(commit.id, "the commit's time is not that of the run's end in outcome.json", next: Self.restore)
      }
    } catch {
      let error = AuditError(error)
      result.find(commit.id, error.description, next: error.next)
    }
  }

  /// The fault of a commit that joins two histories: it may hold nothing that neither of them has. Nil: it is good.
  private func joining(_ commit: GitCommit, _ repository: GitRepository) throws(GitError) -> String? {
    guard commit.trailers["Join"] != nil, commit.parents.count == 2 else {
      return "it is neither a run nor a joining of two histories"
    }
    for parent in commit.parents where try repository.commit(parent).tree == commit.tree { return nil }
    return "it joins two histories, and its files are of neither"
  }

  /// Reads every file; libgit2 compares each with its name.
  private func readAll(
    _ tree: GitID, _ repository: GitRepository, _ checked: inout Set<GitID>
  ) throws(GitError) {
    guard checked.insert(tree).inserted else { return }
    for entry in try repository.entries(tree) {
      if entry.kind == .folder {
        try readAll(entry.id, repository, &checked)
      } else if checked.insert(entry.id).inserted {
        _ = try repository.blob(entry.id)
      }
    }
  }

  /// Wherever the history is known to have been must be a part of it still.
  private func checkKnownTips(
    _ tip: GitID, _ chain: [GitCommit], _ repository: GitRepository, _ result: inout Verification
  ) throws(GitError) {
    let here = Set(chain.map(\.id))
    for earlier in try repository.reflog(Self.history) where !here.contains(earlier) {
      result.find(
        earlier,
        "\(Self.history) has been at this commit, and no longer holds it: it was set back or rewritten",
        next: "Inspect the earlier history: git log \(earlier.description.prefix(12)); if it is right, "
          + "restore it: git update-ref \(Self.history) \(earlier.description.prefix(12))")
    }
    for (name, copy) in try repository.references(below: Self.copies) where !here.contains(copy) {
      result.find(
        copy, "the copy on \(name) has this commit, which is not a part of the history here",
        next:
          "Unless someone else records runs there, the history here was rewritten: git log \(copy.description.prefix(12))"
      )
    }
  }

  /// git's own verdicts: `%G?` of git-log(1).
  private func checkSignatures(
    _ chain: [GitCommit], _ repository: GitRepository, _ result: inout Verification
  ) async throws {
    let signed = Set(try chain.map(\.id).filter(repository.isSigned))
    guard !signed.isEmpty else { return }
    var younger = true
    for commit in chain.reversed() where signed.contains(commit.id) || !younger {
      if signed.contains(commit.id) {
        younger = false
      } else {
        result.find(commit.id, "it is not signed, and commits before it are", next: Self.restore)
      }
    }
    guard try repository.setting("gpg.ssh.allowedSignersFile") != nil else {
      result.signatures = .unchecked(signed.count)
      result.find(
        nil, "\(signed.count) commits are signed, and nobody has said whose signatures count",
        next:
          "git config gpg.ssh.allowedSignersFile FILE, with a line `ada@example.org ssh-ed25519 …` for each signer.")
      return
    }
    let verdicts: CommandResult
    do throws(AgentError) {
      verdicts = try await Command.checked(
        "git", ["-C", folder, "log", "--format=%H %G?", Self.history], deadline: .seconds(3600),
        next: "Install git; it checks signatures.")
    } catch { throw AuditError(.signing, "signatures cannot be checked", cause: error.description, next: error.next) }
    var good = 0
    for line in verdicts.text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 2, let commit = GitID(String(words[0])), signed.contains(commit) else { continue }
      guard words[1] != "G" else {
        good += 1
        continue
      }
      result.find(
        commit, Self.meaning(words[1]),
        next: "Ask the person who made that run; `git verify-commit \(words[0].prefix(12))` shows more.")
    }
    result.signatures = .signed(signed.count, good: good)
  }

  static func meaning(_ verdict: Substring) -> String {
    switch verdict {
    case "B": "its signature is bad: the commit is not what was signed"
    case "U": "its signature is good, and its key is not among the allowed signers"
    case "X", "Y": "its signature or key has expired"
    case "R": "its key has been revoked"
    default: "its signature cannot be checked"
    }
  }
}
