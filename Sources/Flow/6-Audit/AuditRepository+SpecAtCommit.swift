// SPDX-License-Identifier: Apache-2.0

extension AuditRepository {
  /// The full name of the commit that a revision names: `origin/main`, `HEAD~2`, `3f9c2a1`.
  package func commit(named revision: String) throws(AuditError) -> String {
    let repository = try GitRepository(containing: folder)
    guard let commit = try repository.commit(named: revision) else {
      throw AuditError(
        .git, "the repository has no commit `\(revision)`",
        next: "Fetch it first: git fetch origin; in CI, check out the whole history (fetch-depth: 0).")
    }
    return commit.description
  }

  /// The files of a commit at a path, which like those in the result is relative to the spec's folder.
  package func files(at path: String, in commit: String) throws(AuditError) -> [String: CommittedFile] {
    guard let id = GitID(commit) else { return [:] }
    let full = prefix + (path.hasSuffix("/") ? String(path.dropLast()) : path)
    let found = try GitRepository(containing: folder).files(at: full, in: id)
    return Dictionary(uniqueKeysWithValues: found.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
  }
}
