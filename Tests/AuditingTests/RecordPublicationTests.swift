// SPDX-License-Identifier: Apache-2.0
import CGit2
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Auditing

/// What a power cut or a kill leaves at each point of writing a run, and that the next run goes on from there.
///
/// A cut is made by leaving out the rest, and by spoiling what has not been synced by then.
@Suite struct RecordPublicationTests {
  private struct Started {
    var repository: TemporaryRepository
    var audit: AuditRepository
    var first: String
    var git: GitRepository
    var publication: RecordPublication
  }

  /// One run is recorded, and another one is written aside.
  private func started() async throws -> Started {
    let repository = try await TemporaryRepository.withSpec()
    let audit = try AuditRepository(folder: repository.path)
    let first = try await audit.record(.sample("run1")).commit
    let git = try GitRepository(containing: repository.path)
    let record = AuditRecord.sample("run2")
    let objects = NewObjects(known: [])
    let recent = RecentFiles()
    let tree = try objects.add(tree: record.files(ManagedLines(), recent), recent)
    let bytes = GitCommit.bytes(
      tree: tree, parents: [try #require(GitID(first))],
      author: GitAuthor(name: "Ada", email: "ada@example.org", time: record.outcome.finishedAt),
      message: record.message(after: 1))
    let commit = try objects.add(bytes, GIT_OBJECT_COMMIT)
    return Started(
      repository: repository, audit: audit, first: first, git: git,
      publication: try RecordPublication(objects, commit: commit, in: git))
  }

  /// The history is as before, and the run is recorded as if nothing had been.
  private func expectTheNextRunGoesOn(_ started: Started, at: String) async throws {
    let repository = started.repository
    #expect(try await repository.git("rev-parse", "cluster/history") == started.first, "\(at)")
    #expect(try started.audit.log(site: "site").map(\.id) == ["run1"], "\(at)")

    _ = try await started.audit.record(.sample("run2"))

    #expect(try started.audit.log(site: "site").map(\.id) == ["run2", "run1"], "\(at)")
    #expect(try await started.audit.verify(journal: [], site: "site").findings == [], "\(at)")
    #expect(try await repository.git("fsck", "--strict", "--no-dangling").isEmpty, "\(at)")
    try await repository.git("prune", "--expire=now")
    let left = try FileManager.default.contentsOfDirectory(atPath: repository.path + "/.git/objects")
    #expect(left.filter { $0.hasPrefix("tmp_") } == [], "\(at)")
  }

  @Test func cutBeforeTheFilesWereSyncedTheyAreTorn() async throws {
    let started = try await started()
    let folder = started.publication.folder
    for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let path = folder + "/" + file
      let half = try Data(contentsOf: URL(filePath: path)).count / 2
      try #require(truncate(path, half) == 0)
    }

    try await expectTheNextRunGoesOn(started, at: "torn files")
  }

  @Test func cutBeforeTheObjectsHadTheirNames() async throws {
    let started = try await started()
    try started.publication.sync()

    try await expectTheNextRunGoesOn(started, at: "synced")
  }

  @Test func cutBetweenThePackAndItsIndex() async throws {
    let started = try await started()
    try started.publication.sync()
    let pack = try #require(
      try FileManager.default.contentsOfDirectory(atPath: started.publication.folder).first { $0.hasSuffix(".pack") })
    try FileManager.default.moveItem(
      atPath: "\(started.publication.folder)/\(pack)", toPath: "\(started.repository.path)/.git/objects/pack/\(pack)")

    try await expectTheNextRunGoesOn(started, at: "a pack without an index")
  }

  @Test func cutBeforeTheReferenceMoved() async throws {
    let started = try await started()
    try started.publication.sync()
    try started.publication.nameObjects()

    try await expectTheNextRunGoesOn(started, at: "a commit that nothing leads to")
  }

  @Test func cutAfterTheReferenceMovedTheRunIsThereWithoutItsLineInTheReflog() async throws {
    let started = try await started()
    #expect(
      try started.publication.publish(AuditRepository.history, from: GitID(started.first), started.git))
    #expect(!FileManager.default.fileExists(atPath: started.publication.folder))

    #expect(try started.audit.log(site: "site").map(\.id) == ["run2", "run1"])
    _ = try await started.audit.record(.sample("run3"))

    #expect(try await started.audit.verify(journal: [], site: "site").findings == [])
    #expect(try await started.repository.git("reflog", "show", "--format=%gs", "cluster/history").contains("partial"))
    #expect(try await started.repository.git("fsck", "--strict", "--no-dangling").isEmpty)
  }

  @Test func aTornReflogTakesNothingAlong() async throws {
    let started = try await started()
    let log = started.repository.folder.appending(path: ".git/logs/" + AuditRepository.history)
    try (try Data(contentsOf: log) + Data("\(started.first) 00ab".utf8) + Data(count: 300)).write(to: log)

    #expect(try await started.audit.verify(journal: [], site: "site").findings == [])
    try await expectTheNextRunGoesOn(started, at: "a torn reflog")
  }

  @Test func aReferenceThatSomebodyElseMovedIsLeftAlone() async throws {
    let started = try await started()
    let other = try await started.audit.record(.sample("run7")).commit

    #expect(
      try !started.publication.publish(AuditRepository.history, from: GitID(started.first), started.git))

    #expect(try await started.repository.git("rev-parse", "cluster/history") == other)
  }

  @Test func aLockThatWasLeftBehindIsNamed() async throws {
    let started = try await started()
    try started.repository.write(".git/\(AuditRepository.history).lock", "")

    let error = await #expect(throws: AuditError.self) { try await started.audit.record(.sample("run2")) }

    #expect(error?.code == .contended)
    #expect(error?.next.contains("\(AuditRepository.history).lock") == true)
    try FileManager.default.removeItem(
      atPath: started.repository.path + "/.git/\(AuditRepository.history).lock")
    try await expectTheNextRunGoesOn(started, at: "a lock")
  }

  /// What a kill leaves of a lock is the file, which the kernel no longer holds for anybody.
  @Test func aLockThatAKilledRunLeftIsTakenAway() async throws {
    let started = try await started()
    let reference = "\(started.repository.path)/.git/\(AuditRepository.history)"
    let held = try #require(try ReferenceLock(reference, preparedIn: started.publication.folder))
    let file = try Data(contentsOf: URL(filePath: reference + ".lock"))
    held.release()
    #expect(!FileManager.default.fileExists(atPath: reference + ".lock"))
    try file.write(to: URL(filePath: reference + ".lock"))

    try await expectTheNextRunGoesOn(started, at: "the lock of a killed run")

    #expect(!FileManager.default.fileExists(atPath: reference + ".lock"))
  }

  @Test func aLockThatIsHeldIsLeftAlone() async throws {
    let started = try await started()
    let reference = "\(started.repository.path)/.git/\(AuditRepository.history)"
    let held = try #require(try ReferenceLock(reference, preparedIn: started.publication.folder))

    #expect(try ReferenceLock(reference, preparedIn: started.publication.folder) == nil)
    let error = await #expect(throws: AuditError.self) { try await started.audit.record(.sample("run2")) }
    #expect(error?.code == .contended)
    #expect(FileManager.default.fileExists(atPath: reference + ".lock"))

    held.release()
    try await expectTheNextRunGoesOn(started, at: "a lock that was let go")
  }

  @Test func ofManyThatFindAnAbandonedLockOneGetsIt() async throws {
    let started = try await started()
    let reference = "\(started.repository.path)/.git/\(AuditRepository.history)"
    try Data("cluster holds this lock by flock(2)\n".utf8).write(to: URL(filePath: reference + ".lock"))

    let audit = started.audit
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 2..<8 { group.addTask { _ = try await audit.record(.sample("run\(number)")) } }
      try await group.waitForAll()
    }

    #expect(try started.audit.log(site: "site").count == 7)
    #expect(try await started.repository.git("fsck", "--strict", "--no-dangling").isEmpty)
    #expect(!FileManager.default.fileExists(atPath: reference + ".lock"))
  }

  @Test func aPackedReferenceIsMovedToo() async throws {
    let started = try await started()
    try await started.repository.git("pack-refs", "--all", "--prune")

    try await expectTheNextRunGoesOn(started, at: "a packed reference")
  }

  @Test func aBranchInTheWayIsNamed() async throws {
    let repository = try await TemporaryRepository.withSpec()
    try await repository.git("branch", "cluster")
    let audit = try AuditRepository(folder: repository.path)

    let error = await #expect(throws: AuditError.self) { try await audit.record(.sample("run1")) }

    #expect(error?.next == "Rename the branch: git branch -m cluster NAME")
  }

  @Test func aLineThatDidNotChangeIsNotWrittenAnewAndOneThatDidIs() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let catalog = [NumberKind.name: AnyKind(NumberKind.self)]
    _ = try await AuditRepository(folder: repository.path).record(.sample("run1"))
    let audit = try AuditRepository(folder: repository.path)
    var record = AuditRecord.sample("run2")
    record.managed = try audit.managed(site: "site", catalog: catalog).resources
    let unchanged = try audit.json(record.managed)
    #expect(unchanged == (try ManagedSet.json(record.managed)))

    record.managed[0].desired = NumberKind.Desired(number: 43)

    #expect(try audit.json(record.managed) == (try ManagedSet.json(record.managed)))
    #expect(try audit.json(record.managed) != unchanged)
    #expect(try audit.json([]) == Array("[\n]\n".utf8))
  }
}
