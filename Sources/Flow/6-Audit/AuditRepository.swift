// SPDX-License-Identifier: Apache-2.0
import CGit2
import ClusterModel
import Foundation

/// The git repository that the spec is in, and the history of runs in it.
package struct AuditRepository: RunHistory {
  package static let history = "refs/heads/cluster/history"
  /// Where copies of it on other machines were seen to be: one reference for each.
  static let copies = "refs/cluster/copies/"
  /// Each lost race means that another run has been recorded, or is being written to the disk.
  private static let mostRaces = 30

  /// The spec's folder.
  package let folder: String
  /// The spec's folder relative to the work tree, with a slash at its end unless it is the work tree itself.
  let prefix: String
  /// What was managed when it was last read or written here, as text.
  private let managedLines = ManagedLines()
  private let recent = RecentFiles()

  /// Finds the repository. Throws, with what to do next, when there is none that can be used.
  package init(folder: String) throws(AuditError) {
    self.folder = folder
    let repository = try GitRepository(containing: folder)
    guard !repository.isBare, let workTree = repository.workTree else {
      throw AuditError(
        .bare, "the repository of \(folder) is bare",
        next: "Use a clone of it that has a work tree: git clone \(folder)")
    }
    let (top, here) = (Self.realPath(workTree), Self.realPath(folder))
    prefix = here == top ? "" : String(here.dropFirst(top.count + 1)) + "/"
  }

  private static func realPath(_ path: String) -> String {
    let resolved = URL(filePath: path).resolvingSymlinksInPath().path
    return resolved.count > 1 && resolved.hasSuffix("/") ? String(resolved.dropLast()) : resolved
  }

  /// Which commit the spec is at. `files` are the spec and what it refers to, relative to its folder.
  package func specState(_ files: [String]) throws(AuditError) -> SpecState {
    let repository = try GitRepository(containing: folder)
    let commit = try repository.commit(at: "HEAD")
    var dirty: [String] = []
    for file in files.sorted() where try !repository.isUnchanged(prefix + file) { dirty.append(file) }
    return SpecState(commit: commit?.description, dirty: dirty)
  }

  package struct Recorded: Hashable, Sendable {
    package var commit: String
    package var isSigned: Bool
    /// Why it is not signed although git's configuration asks for it.
    package var unsignedBecause: String?
    /// Why git could not join small packs; the record itself is whole.
    package var unpackedBecause: String?

    package init(commit: String, isSigned: Bool, unsignedBecause: String?, unpackedBecause: String? = nil) {
      self.commit = commit
      self.isSigned = isSigned
      self.unsignedBecause = unsignedBecause
      self.unpackedBecause = unpackedBecause
    }
  }

  /// Writes one commit for a run. Runs that are recorded at the same time come one after the other.
  package func record(_ record: AuditRecord) async throws(AuditError) -> Recorded {
    let repository = try GitRepository(containing: folder)
    let signing = try CommitSigning(repository)
    let identity = try repository.identity() ?? (record.by, record.by)
    let author = GitAuthor(name: identity.0, email: identity.1, time: record.outcome.finishedAt)
    let files = try record.files(managedLines, recent)
    var parent = try repository.commit(at: Self.history)
    let objects = NewObjects(known: try known(to: parent, repository))
    let tree = try objects.add(tree: files, recent)
    for race in 0..<Self.mostRaces {
      if race > 0 {
        await Self.pause(afterRace: race)
        parent = try repository.commit(at: Self.history)
      }
      let parents = parent.map { [$0] } ?? []
      let message = record.message(after: try newestGeneration(of: record.site, from: parent, repository))
      let unsigned = GitCommit.bytes(tree: tree, parents: parents, author: author, message: message)
      let signature = try await signing.signature(of: unsigned)
      let signed = GitCommit.bytes(
        tree: tree, parents: parents, author: author, message: message, signature: signature)
      let commit = try objects.add(signed, GIT_OBJECT_COMMIT)
      let publication = try RecordPublication(objects, commit: commit, in: repository)
      if try publication.publish(Self.history, from: parent, repository) {
        try repository.appendToReflog(Self.history, from: parent, to: commit, by: author, because: record.subject)
        recent.keep(objects: objects.all, of: commit)
        return Recorded(
          commit: commit.description, isSigned: signature != nil, unsignedBecause: signing.omission,
          unpackedBecause: await PackConsolidation.run(repository))
      }
    }
    throw AuditError(
      .contended, "\(Self.history) was moved by others \(Self.mostRaces) times in a row",
      next: "Look for a process that keeps writing to it, or a stale \(Self.history).lock.")
  }

  /// The files and folders of a commit: the next one has most of them too.
  private func known(to commit: GitID?, _ repository: GitRepository) throws(AuditError) -> Set<GitID> {
    guard let commit else { return [] }
    if let known = recent.objects(of: commit) { return known }
    return try repository.objects(repository.commit(commit).tree)
  }

  /// The newest that a site's runs have had so far. Nil when there is none, or an older version recorded it.
  private func newestGeneration(
    of site: String, from tip: GitID?, _ repository: GitRepository
  ) throws(AuditError) -> Int? {
    guard let tip else { return nil }
    if let known = recent.newestGeneration(of: site, at: tip) { return known }
    var newest: Int?
    try repository.walk(from: tip) { (commit) throws(AuditError) in
      guard let run = RunRecord(commit), run.site == site else { return true }
      newest = [newest, run.generation].compactMap(\.self).max()
      // One that was killed may be recorded after later ones.
      return run.result == "interrupted"
    }
    if let newest { recent.keep(newestGeneration: newest, of: site, at: tip) }
    return newest
  }

  /// Whoever holds git's lock is syncing files; nothing tells when it is done. Random, so that rivals part.
  static func pause(afterRace race: Int) async {
    try? await ContinuousClock().sleep(for: .milliseconds(Int.random(in: 1...10 * race)))
  }

  /// Runs on a site, newest first. Empty when nothing has been recorded yet. Nil as `site`: of all sites.
  package func log(site: String?, limit: Int = .max) throws(AuditError) -> [RunRecord] {
    let repository = try GitRepository(containing: folder)
    guard let tip = try repository.commit(at: Self.history) else { return [] }
    var runs: [RunRecord] = []
    try repository.walk(from: tip) { (commit) throws(AuditError) in
      if let run = RunRecord(commit), site == nil || run.site == site { runs.append(run) }
      return runs.count < limit
    }
    return runs
  }

  /// What the newest run on a site has left under management. Empty when there was none.
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
  ///
  /// Empty as well for runs that an earlier version has recorded in one file.
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
    let tree = try repository.commit(commit).tree
    var managed: [[UInt8]] = []
    var old: [UInt8]?
    for (path, id) in RecordedLists.sorted(try repository.files(tree).map { ($0.key, $0.value) }) {
      let bytes = try repository.blob(id)
      recent.keep(bytes, at: Array(path.utf8), as: id)
      if path.hasPrefix(ManagedLines.folder) { managed.append(bytes) }
      if path == ManagedLines.oldFile { old = bytes }
    }
    if let tip = try repository.commit(at: Self.history) {
      _ = try newestGeneration(of: run.site, from: tip, repository)
      if tip == commit { recent.keep(objects: try repository.objects(tree), of: commit) }
    }
    if let old { return ManagedLines.list(ManagedLines.laidOut(old)) }
    if managed.isEmpty { throw CocoaError(.fileNoSuchFile) }
    return ManagedLines.list(ManagedLines.joined(managed))
  }

  package func json(_ resources: [ManagedResource]) throws(AuditError) -> [UInt8] { try managedLines.json(resources) }

  package func prepare(_ resources: [ManagedResource]) throws(AuditError) {
    _ = try NewObjects(known: []).add(tree: managedLines.files(resources).mapValues { RecordedFile($0) }, recent)
  }

  /// A file of a run's commit: `plan.txt`, `observed/head1/units.txt`. Nil when it has none of that name.
  package func file(_ path: String, in run: RunRecord) throws(AuditError) -> [UInt8]? {
    let repository = try GitRepository(containing: folder)
    guard let id = GitID(run.commit),
      let blob = try repository.object(path, in: try repository.commit(id).tree)
    else { return nil }
    return try repository.blob(blob)
  }
}

extension RunRecord {
  /// Nil for commits that are not records of runs.
  init?(_ commit: GitCommit) {
    let trailers = commit.trailers
    guard let run = trailers["Run"], let site = trailers["Site"] else { return nil }
    self.init(
      id: run, commit: commit.id.description, at: commit.time, result: trailers["Result"] ?? "unknown",
      by: trailers["By"] ?? "unknown", spec: trailers["Spec"] ?? "unknown", site: site,
      subject: commit.subject, generation: Generations.read(trailers["Generation"])?.max())
  }
}
