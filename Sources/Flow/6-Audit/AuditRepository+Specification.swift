// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git
import HostAccess

extension AuditRepository {
  /// Which commit the spec is at. `files` are the spec and what it refers to, relative to its folder.
  package func specState(_ files: [String]) throws(AuditError) -> SpecState {
    try audited {
      let repository = try GitRepository(containing: folder)
      let commit = try repository.commit(at: "HEAD")
      let dirty = try files.sorted().filter { try !repository.isUnchanged(prefix + $0) }
      return SpecState(commit: commit?.description, dirty: dirty)
    }
  }

  // MARK: At a commit

  /// The full name of the commit that a revision names: `origin/main`, `HEAD~2`, `3f9c2a1`.
  package func commit(named revision: String) throws(AuditError) -> String {
    guard let commit = try audited({ try GitRepository(containing: folder).commit(named: revision) }) else {
      throw AuditError(
        .git, "the repository has no commit `\(revision)`",
        next: "Fetch it first: git fetch origin; in CI, check out the whole history (fetch-depth: 0).")
    }
    return commit.description
  }

  /// The files of a commit at a path: one file, or all below a folder, symbolic links among them. Paths, here and in
  /// the result, are relative to the spec's folder. A path that is a link itself has none, as on the disk.
  package func files(at path: String, in commit: String) throws(AuditError) -> [String: RecordedFile] {
    try audited {
      let repository = try GitRepository(containing: folder)
      let path = path.hasSuffix("/") ? String(path.dropLast()) : path
      guard let id = GitID(commit), let entry = try repository.entry(prefix + path, in: repository.commit(id).tree)
      else { return [:] }
      if entry.isFile { return [path: try RecordedFile(entry, in: repository)] }
      guard entry.kind == .folder else { return [:] }
      let files = try repository.files(entry.id).map {
        ("\(path)/\($0.key)", try RecordedFile($0.value, in: repository))
      }
      return Dictionary(uniqueKeysWithValues: files)
    }
  }

  // MARK: Of a run

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
    try audited {
      let repository = try GitRepository(containing: folder)
      guard let id = GitID(run.commit),
        let spec = try repository.entry("spec", in: repository.commit(id).tree), spec.kind == .folder
      else { return [:] }
      return try repository.files(spec.id).mapValues { try RecordedFile($0, in: repository) }
    }
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
