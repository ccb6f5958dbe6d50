// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

extension AuditRepository {
  /// The newest run before the last one that converged which was made from another description.
  package func runBeforeTheLastSuccess(site: String) throws(AuditError) -> RunRecord {
    let runs = try log(site: site)
    if let last = runs.firstIndex(where: { $0.result == "converged" }) {
      let current = try specification(of: runs[last])
      for run in runs[(last + 1)...] where run.result != "interrupted" {
        if try specification(of: run) != current { return run }
      }
    }
    throw AuditError(
      .noSuchRun, "no earlier run was made from another description",
      next: "List the runs and name one: cluster log; cluster rollback RUN")
  }

  /// The description of a run and the files that it refers to, by path relative to its folder.
  package func specification(of run: RunRecord) throws(AuditError) -> [String: RecordedFile] {
    let repository = try GitRepository(containing: folder)
    var found: [String: RecordedFile] = [:]
    guard let id = GitID(run.commit) else { return found }
    for (path, entry) in try repository.fileEntries(repository.commit(id).tree) where path.hasPrefix("spec/") {
      found[String(path.dropFirst(5))] = RecordedFile(try repository.blob(entry.id), isExecutable: entry.isExecutable)
    }
    return found
  }

  /// Puts the description of a run back into the work tree, and commits it on the current branch.
  ///
  /// Refused when one of the files has changes that no commit holds: they would be lost.
  /// - Parameter present: the files of the description as it is now; those that the run did not have are removed.
  /// - Returns: the new commit. Nil when everything is as in that run already.
  package func restore(_ run: RunRecord, present: [String]) async throws(AuditError) -> String? {
    let wanted = try specification(of: run)
    let existing = Set(present + wanted.keys).filter { FileManager.default.fileExists(atPath: location($0).path) }
    let dirty = try specState(Array(existing)).dirty
    guard dirty.isEmpty else {
      throw AuditError(
        .uncommitted, "\(dirty.joined(separator: ", ")) has changes that are not committed",
        next: "Commit them, or stash them: git stash")
    }
    do {
      for path in existing where wanted[path] == nil { try FileManager.default.removeItem(at: location(path)) }
      for (path, file) in wanted { try file.write(to: location(path)) }
    } catch {
      throw AuditError(
        .git, "the description of run \(run.id) cannot be put back", cause: error.localizedDescription,
        next: "Go back to what is committed: git checkout -- .")
    }
    let paths = Array(existing.union(wanted.keys)).sorted()
    _ = try await git(["add", "--all", "--force", "--"] + paths)
    if try specState(paths.filter { wanted[$0] != nil }).dirty.isEmpty, existing.isSubset(of: wanted.keys) {
      return nil
    }
    let message =
      "Roll back to run \(run.id)\n\nThe description is that of run \(run.id) again.\n\nRolls-back-to: \(run.id)\n"
    _ = try await git(["commit", "--quiet", "--only", "--message", message, "--"] + paths)
    return try await git(["rev-parse", "HEAD"]).text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func location(_ path: String) -> URL { URL(fileURLWithPath: folder).appending(path: path) }

  /// git itself, so that the user's hooks and signing apply to the user's branch.
  private func git(_ words: [String]) async throws(AuditError) -> CommandResult {
    do throws(AgentError) {
      return try await Command.checked("git", ["-C", folder] + words, next: "Check the repository: git status")
    } catch { throw AuditError(.git, error.message, cause: error.cause, next: error.next) }
  }
}
