// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Git
import HostAccess

/// Runs that somebody else has recorded, before they become a part of the record.
///
/// What the record lists as managed is removed when the description does not ask for it. So root on a head, whose copy
/// anybody there can write to, must not write the next plan for another one: each commit has to say what it holds, and
/// has to be signed by an allowed signer where the record is signed here.
extension AuditRepository {
  struct Newcomers: Sendable {
    /// Each run in a line, oldest first: its name, and who recorded it.
    var runs: [String] = []
    /// The first reason not to take them.
    var problem: Verification.Finding?
  }

  /// - Parameters:
  ///   - theirs: the tip of the other history, which was fetched.
  ///   - ours: the tip of the one here.
  func examine(_ theirs: String, since ours: String) async throws(AuditError) -> Newcomers {
    let listing: CommandResult
    do {
      listing = try await Command.checked(
        "git", ["-C", folder, "log", "--reverse", "--format=%H %G?", theirs, "--not", ours], deadline: .seconds(600),
        next: "Check the repository with `git fsck`.")
    } catch {
      throw AuditError(.git, "what others have recorded cannot be read", cause: "\(error)", next: error.next)
    }
    return try audited {
      let repository = try GitRepository(containing: folder)
      let isSigned = try GitID(ours).map(repository.isSigned) ?? false
      let hasSigners = try repository.setting("gpg.ssh.allowedSignersFile") != nil
      var newcomers = Newcomers()
      var checked: Set<GitID> = []
      var result = Verification()
      for line in listing.text.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count == 2, let id = GitID(String(words[0])) else { continue }
        let commit = try repository.commit(id)
        check(commit, repository, &checked, &result)
        if isSigned, try !repository.isSigned(id) {
          result.find(id, "it is not signed, and the record here is", next: Self.restore)
        } else if isSigned, hasSigners, words[1] != "G" {
          result.find(id, Self.meaning(words[1]), next: Self.restore)
        }
        if let run = RunRecord(commit) { newcomers.runs.append("\(run.id) by \(run.by)") }
      }
      newcomers.problem = result.findings.first
      return newcomers
    }
  }
}

extension Verification.Finding {
  /// Why a place's copy of the record is left alone.
  func refusal(of place: String) -> AgentError {
    AgentError(
      .invalid, "what \(place) keeps of the record is not taken over",
      cause: [commit.map { "commit \($0.prefix(12)): \(what)" } ?? what].joined(),
      next: "Find out who wrote it: git log cluster/history..refs/cluster/copies/…/\(place). If \(place) is not to be "
        + "trusted, look at the machine before you apply to it again.")
  }
}
