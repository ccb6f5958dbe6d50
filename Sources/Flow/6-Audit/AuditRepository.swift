// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git
import HostAccess

// Auditing: the record of every run, in the git repository that holds the spec.
//
// Start at `AuditRepository`. One commit a run on `refs/heads/cluster/history`: what was asked, what was done, what is
// now true, and which resources are managed. Neither the index nor the work tree is touched. The newest commit of a
// site is all the state there is: what it lists as managed and the spec has dropped is taken away.

/// The git repository that the spec is in, and the history of runs in it.
package struct AuditRepository: RunHistory {
  package static let history = "refs/heads/cluster/history"
  /// Where copies of it on other machines were seen to be: one reference for each.
  static let copies = "refs/cluster/copies/"

  /// The spec's folder.
  package let folder: String
  /// The spec's folder relative to the work tree, with a slash at its end unless it is the work tree itself.
  let prefix: String
  /// The managed resources as text, as last read or written here.
  let managedLines = ManagedLines()
  let known = KnownFiles()

  /// Finds the repository. Throws, with what to do next, when there is none that can be used.
  package init(folder: String) throws(AuditError) {
    self.folder = folder
    let repository = try audited { try GitRepository(containing: folder) }
    guard !repository.isBare, let workTree = repository.workTree else {
      throw AuditError(
        .bare, "the repository of \(folder) is bare",
        next: "Use a clone of it that has a work tree: git clone \(folder)")
    }
    let (top, here) = (Self.realPath(workTree), Self.realPath(folder))
    prefix = here == top ? "" : String(here.dropFirst(top.count + 1)) + "/"
  }

  /// Makes an empty repository where none is needed for the spec itself: for runs on machines in memory. One that is
  /// there already is used as it is.
  package static func make(in folder: String) throws(AuditError) -> AuditRepository {
    try audited { try GitRepository.make(in: folder) }
    return try AuditRepository(folder: folder)
  }

  private static func realPath(_ path: String) -> String {
    let resolved = URL(filePath: path).resolvingSymlinksInPath().path
    return resolved.count > 1 && resolved.hasSuffix("/") ? String(resolved.dropLast()) : resolved
  }

  // MARK: Runs

  /// Runs on a site, newest first. Empty when nothing has been recorded yet. Nil as `site`: of all sites.
  package func log(site: String?, limit: Int = .max) throws(AuditError) -> [RunRecord] {
    try audited {
      let repository = try GitRepository(containing: folder)
      guard let tip = try repository.commit(at: Self.history) else { return [] }
      let walk = try repository.walk(from: tip)
      var runs: [RunRecord] = []
      while runs.count < limit, let commit = try walk.next() {
        if let run = RunRecord(commit), site == nil || run.site == site { runs.append(run) }
      }
      return runs
    }
  }

  /// A file of a run's commit: `plan.txt`, `observed/head1/units.txt`. Nil when it has none of that name.
  package func file(_ path: String, in run: RunRecord) throws(AuditError) -> [UInt8]? {
    try audited {
      let repository = try GitRepository(containing: folder)
      guard let id = GitID(run.commit),
        let entry = try repository.entry(path, in: repository.commit(id).tree), entry.isFile
      else { return nil }
      return try repository.blob(entry.id)
    }
  }

  // MARK: What is managed

  /// The resources that the newest run on a site left under management. Empty when there was none.
  package func managed(site: String, catalog: [String: AnyKind]) throws(AuditError) -> ManagedSet {
    guard let newest = try log(site: site, limit: 1).first else { return ManagedSet() }
    do {
      let json = try managedText(of: newest)
      var managed = try ManagedSet(json: json, catalog: catalog)
      managedLines.keep(json, of: managed)
      managed.resources.sort { $0.id < $1.id }
      return managed
    } catch {
      throw AuditError(
        .damaged, "what run \(newest.id) has left under management cannot be read", cause: "\(error)",
        next: "Inspect it: git show \(newest.commit.prefix(12)):managed")
    }
  }

  /// The resources of one kind that the newest run has left on a host, without reading all others.
  package func managed(
    _ kind: String, on host: HostID, site: String, catalog: [String: AnyKind]
  ) throws(AuditError) -> [ManagedResource] {
    let path = ManagedLines.path(ResourceID(kind, on: host, "")) + ".json"
    guard let newest = try log(site: site, limit: 1).first, let json = try file(path, in: newest) else { return [] }
    do { return try ManagedSet(json: json, catalog: catalog).resources } catch {
      throw AuditError(
        .damaged, "\(path) of run \(newest.id) cannot be read", cause: "\(error)",
        next: "Inspect it: git show \(newest.commit.prefix(12)):\(path)")
    }
  }

  /// All of it as one JSON text. Everything else in that commit is remembered too: most of it is in the next one.
  private func managedText(of run: RunRecord) throws -> [UInt8] {
    let repository = try GitRepository(containing: folder)
    guard let commit = GitID(run.commit) else { throw CocoaError(.fileNoSuchFile) }
    let files = try repository.files(repository.commit(commit).tree).mapValues(\.id)
    var managed: [[UInt8]] = []
    for (path, id) in RecordedLists.sorted(files.map { ($0.key, $0.value) }) {
      let bytes = try repository.blob(id)
      known.keep(bytes, at: path, as: id)
      if path.hasPrefix(ManagedLines.folder) { managed.append(bytes) }
    }
    if managed.isEmpty { throw CocoaError(.fileNoSuchFile) }
    return ManagedLines.list(ManagedLines.joined(managed))
  }

  package func json(_ resources: [ManagedResource]) throws(AuditError) -> [UInt8] { try managedLines.json(resources) }

  package func prepare(_ resources: [ManagedResource]) throws(AuditError) { _ = try managedLines.files(resources) }
}

extension RunRecord {
  /// Reads the commit of a run. Nil for commits that are not records of runs.
  init?(_ commit: GitCommit) {
    let trailers = commit.trailers
    guard let run = trailers["Run"], let site = trailers["Site"] else { return nil }
    self.init(
      id: run, commit: commit.id.description, at: commit.time, result: trailers["Result"] ?? "unknown",
      by: trailers["By"] ?? "unknown", spec: trailers["Spec"] ?? "unknown", site: site,
      subject: commit.subject, generation: Generations.read(trailers["Generation"])?.max())
  }
}

/// Signs commits as git itself would, when `commit.gpgsign` asks for it: git-config(1) `gpg.format`, `user.signingkey`.
struct CommitSigning {
  /// The key that signs commits. Nil: they are not signed.
  private let key: String?
  /// Why commits are not signed although git's configuration asks for it.
  let omission: String?

  init(_ repository: GitRepository) throws(GitError) {
    let wanted = try repository.setting("commit.gpgsign").map { ["true", "yes", "on", "1"].contains($0.lowercased()) }
    let format = try repository.setting("gpg.format") ?? "openpgp"
    let signingKey = try repository.setting("user.signingkey")
    switch (wanted ?? false, format, signingKey) {
    case (false, _, _): (key, omission) = (nil, nil)
    case (true, "ssh", let path?) where path.hasPrefix("/") || path.hasPrefix("~/"):
      (key, omission) = (NSString(string: path).expandingTildeInPath, nil)
    case (true, "ssh", _): (key, omission) = (nil, "user.signingkey is not the path of a key")
    case (true, let other, _): (key, omission) = (nil, "gpg.format is \(other); only ssh is signed with")
    }
  }

  /// The armoured signature of a commit's bytes.
  func signature(of commit: [UInt8]) async throws(AuditError) -> String? {
    guard let key else { return nil }
    do throws(AgentError) {
      let result = try await Command.checked(
        "ssh-keygen", ["-Y", "sign", "-n", "git", "-f", key], input: commit,
        next: "Check that \(key) exists and can be used without a prompt: ssh-add -l")
      return result.text
    } catch {
      throw AuditError(.signing, "the record cannot be signed", cause: error.description, next: error.next)
    }
  }
}
