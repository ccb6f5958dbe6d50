// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git
import HostAccess
import Synchronization

extension AuditRepository {
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

  /// Below the repository's folder: held by the one who moves the history.
  static let writer = "cluster-history-writer"
  /// Each lost race means that another run has been recorded, or is being written to the disk.
  private static let mostRaces = 30

  /// Writes one commit for a run. Runs that are recorded at the same time come one after the other.
  ///
  /// Also after a power cut the history has all of the run or nothing of it: first its objects are on the disk, then
  /// the reference moves.
  package func record(_ record: AuditRecord) async throws(AuditError) -> Recorded {
    do {
      let repository = try GitRepository(containing: folder)
      let signing = try CommitSigning(repository)
      let (name, email) = try repository.identity() ?? (record.by, record.by)
      let author = GitAuthor(name: name, email: email, time: record.outcome.finishedAt)
      let files = try record.files(managedLines)
      let objects = try NewObjects(in: repository)
      for race in 0..<Self.mostRaces {
        if race > 0 { await Self.pause(afterRace: race) }
        let parent = try repository.commit(at: Self.history)
        let text = try objects.text(
          tree: tree(of: files, after: parent, objects, repository), parent: parent, author: author,
          message: record.message(after: newestGeneration(of: record.site, from: parent, repository)))
        let signature = try await signing.signature(of: Array(text.utf8))
        let commit = try objects.add(commit: text, signature: signature)
        guard try publish(commit, objects, after: parent, by: author, because: record.subject, repository) else {
          continue
        }
        return Recorded(
          commit: commit.description, isSigned: signature != nil, unsignedBecause: signing.omission,
          unpackedBecause: await joinPacks(of: repository))
      }
    } catch { throw AuditError(error) }
    throw AuditError(
      .contended, "\(Self.history) was moved by others \(Self.mostRaces) times in a row",
      next: "Look for a process that keeps writing to it, or a stale \(Self.history).lock.")
  }

  /// The record's files as a folder of git's. What the commit before has too costs a look at its name, and no more.
  func tree(
    of files: [String: RecordedFile], after parent: GitID?, _ objects: NewObjects, _ repository: GitRepository
  ) throws -> GitID {
    let previous = try parent.map { try repository.commit($0).tree }
    let before = try previous.map { try repository.files($0) } ?? [:]
    var changes = before.keys.filter { files[$0] == nil }.map { NewObjects.Change($0, nil) }
    for (path, file) in files {
      let id = try known.id(of: file.bytes, at: path)
      if let entry = before[path], entry.id == id, entry.kind == file.entryKind { continue }
      changes.append(.init(path, .init(try objects.add(file.bytes), kind: file.entryKind)))
    }
    return try objects.tree(changes, from: previous)
  }

  /// Puts a commit on the disk and moves the history to it. False when somebody else has moved it in the meantime, or
  /// is about to.
  private func publish(
    _ commit: GitID, _ objects: NewObjects, after parent: GitID?, by author: GitAuthor, because subject: String,
    _ repository: GitRepository
  ) throws -> Bool {
    guard let lock = try WriterLock(Self.writer, for: Self.history, in: repository) else { return false }
    return try withExtendedLifetime(lock) {
      guard try repository.commit(at: Self.history) == parent else { return false }
      try objects.write(commit, after: parent)
      return try lock.move(from: parent, to: commit, by: author, because: subject)
    }
  }

  /// The newest that a site's runs have had so far. Nil when there is none, or an older version recorded it.
  private func newestGeneration(of site: String, from tip: GitID?, _ repository: GitRepository) throws -> Int? {
    guard let tip else { return nil }
    let walk = try repository.walk(from: tip)
    var newest: Int?
    while let commit = try walk.next() {
      guard let run = RunRecord(commit), run.site == site else { continue }
      newest = [newest, run.generation].compactMap(\.self).max()
      // One that was killed may be recorded after later ones.
      if run.result != "interrupted" { break }
    }
    return newest
  }

  /// Who has the turn is syncing files; nothing tells when it is done. Random, so that rivals part.
  private static func pause(afterRace race: Int) async {
    try? await ContinuousClock().sleep(for: .milliseconds(Int.random(in: 1...10 * race)))
  }

  /// As many packs as this are read without being noticed.
  private static let mostPacks = 32

  /// Every run adds one small pack. git joins them now and then, so that reading stays fast.
  ///
  /// `--geometric=2` (git-repack(1)) joins the small ones only: the work grows with what is new, not with the history.
  /// A full `git gc` is left to the administrator, whose repository it is.
  /// - Returns: why they could not be joined: nothing is lost, and reading becomes slower. Nil when all is well.
  private func joinPacks(of repository: GitRepository) async -> String? {
    let git = repository.commonFolder
    let packs = (try? FileManager.default.contentsOfDirectory(atPath: git + "objects/pack")) ?? []
    guard packs.count(where: { $0.hasSuffix(".pack") }) > Self.mostPacks else { return nil }
    do throws(AgentError) {
      try await Command.checked(
        "git", ["--git-dir", git, "repack", "--geometric=2", "-d", "-l", "-q"], deadline: .seconds(300),
        next: "Run `git gc` in the repository.")
      return nil
    } catch {
      return "the repository's packs could not be joined: \(error); \(error.next)"
    }
  }
}

/// Files as they were read or recorded here last, with git's names for them: what is still the same is not hashed
/// again. That a name is known does not mean that the repository has it.
final class KnownFiles: Sendable {
  private let files = Mutex<[String: (bytes: [UInt8], id: GitID)]>([:])

  /// git's name for a file's content.
  func id(of bytes: [UInt8], at path: String) throws(GitError) -> GitID {
    // The same array is found to be the same at once.
    if let known = files.withLock({ $0[path] }), known.bytes == bytes { return known.id }
    let id = try GitID(ofFile: bytes)
    keep(bytes, at: path, as: id)
    return id
  }

  func keep(_ bytes: [UInt8], at path: String, as id: GitID) { files.withLock { $0[path] = (bytes, id) } }
}
