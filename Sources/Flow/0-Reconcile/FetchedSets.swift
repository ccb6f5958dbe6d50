// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git
import HostAccess

/// Package sets of other git repositories, as they were fetched to this machine: a bare repository for each.
///
/// A description names a commit, so what is here is what is meant, whenever it was fetched. Reading fetches nothing.
package struct FetchedSets: Sendable {
  let folder: URL

  package init(folder: URL) { self.folder = folder }

  /// In the user's cache: `~/.cache/cluster/sets`.
  package static var ofUser: FetchedSets {
    let caches = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask)
    let base = caches.first ?? FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache")
    return FetchedSets(folder: base.appending(path: "cluster/sets"))
  }

  private func copy(of origin: SetOrigin) -> URL {
    folder.appending(path: "\(SHA256.hex(origin.repository).prefix(24)).git")
  }

  /// The files of a set by their path in its folder. Nil: its commit is not here. Empty: the commit has no such folder.
  func files(_ origin: SetOrigin) throws(GitError) -> [String: SiteFiles.File]? {
    let copy = copy(of: origin)
    guard FileManager.default.fileExists(atPath: copy.path), let commit = GitID(origin.commit) else { return nil }
    let repository = try GitRepository(containing: copy.path)
    guard try repository.commit(named: origin.commit) == commit else { return nil }
    guard let entry = try repository.entry(origin.path, in: repository.commit(commit).tree), entry.kind == .folder
    else { return [:] }
    var files: [String: SiteFiles.File] = [:]
    for (path, file) in try repository.files(entry.id) {
      let kind: SiteFiles.Kind = file.kind == .link ? .link : file.kind == .executable ? .program : .file
      files[path] = SiteFiles.File(contents: Content(try repository.blob(file.id)), kind: kind)
      files[path]?.isOfSite = false
    }
    return files
  }

  /// Whether a set's commit is here.
  package func has(_ origin: SetOrigin) throws -> Bool { try files(origin) != nil }

  /// Gets all branches and tags of a repository, with the user's own git(1): it knows his keys and his proxies.
  package func fetch(_ origin: SetOrigin) async throws(AgentError) {
    let copy = copy(of: origin)
    let next = "Check that this machine reaches \(origin.repository): git ls-remote \(origin.repository)"
    try await Command.checked("git", ["init", "--quiet", "--bare", "--", copy.path], next: next)
    try await Command.checked(
      "git",
      [
        "-C", copy.path, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", origin.repository,
        "+refs/heads/*:refs/fetched/heads/*", "+refs/tags/*:refs/fetched/tags/*",
      ], deadline: .seconds(600), next: next)
  }
}
