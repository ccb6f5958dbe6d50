// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git
import HostAccess
import Testing

@testable import Auditing

/// What a power cut or a kill leaves at each point of recording a run, and that the next run goes on from there.
@Suite struct RecordPublicationTests {
  private static func recorded() async throws -> (TemporaryRepository, AuditRepository, first: String) {
    let repository = try await TemporaryRepository.withSpec()
    let audit = try AuditRepository(folder: repository.path)
    return (repository, audit, try await audit.record(.sample("run1")).commit)
  }

  /// The history is as before or has all of the run, which then is not lost any more.
  private static func expectTheNextRunGoesOn(_ repository: TemporaryRepository, _ what: String) async throws {
    let audit = try AuditRepository(folder: repository.path)
    let runs = try audit.log(site: "site").map(\.id)
    #expect(runs == ["run1"] || runs == ["run2", "run1"], "\(what)")
    if runs.count == 1 { _ = try await audit.record(.sample("run2")) }
    _ = try await audit.record(.sample("run3"))

    #expect(try audit.log(site: "site").map(\.id) == ["run3", "run2", "run1"], "\(what)")
    #expect(try await audit.verify(journal: [], site: "site").findings == [], "\(what)")
    #expect(try await repository.git("fsck", "--strict", "--no-dangling").isEmpty, "\(what)")
  }

  /// The process, or the machine, stops before each call that syncs or names a file.
  @Test func wheneverItIsCutOffTheHistoryIsWhole() async throws {
    let (repository, audit, _) = try await Self.recorded()
    let cuts = try Cuts(of: repository)

    try await cuts.watching { _ = try await audit.record(.sample("run2")) }

    let moments = try cuts.moments()
    // Two files of a pack, the reference, and the folders of all three.
    #expect(moments.count { $0.what.hasPrefix("fsync") } >= 6, "\(moments.map(\.what))")
    #expect(moments.contains { $0.what.contains("rename \(AuditRepository.history).lock") })
    for moment in moments {
      // Once the run is reported, it is there whatever happens.
      let isReported = moment.what.hasPrefix("reported")
      let runs = try AuditRepository(folder: moment.repository.path).log(site: "site").map(\.id)
      #expect(runs == ["run2", "run1"] || !isReported && runs == ["run1"], "\(moment.what)")
      try await Self.expectTheNextRunGoesOn(moment.repository, moment.what)
    }
  }

  @Test func aTornReflogTakesNothingAlong() async throws {
    let (repository, audit, first) = try await Self.recorded()
    let log = repository.folder.appending(path: ".git/logs/" + AuditRepository.history)
    try (try Data(contentsOf: log) + Data("\(first) 00ab".utf8) + Data(count: 300)).write(to: log)

    #expect(try await audit.verify(journal: [], site: "site").findings == [])
    try await Self.expectTheNextRunGoesOn(repository, "a torn reflog")
  }

  @Test func aPackedReferenceIsMovedToo() async throws {
    let (repository, _, _) = try await Self.recorded()
    try await repository.git("pack-refs", "--all", "--prune")

    try await Self.expectTheNextRunGoesOn(repository, "a packed reference")
  }

  @Test func aBranchInTheWayIsNamed() async throws {
    let repository = try await TemporaryRepository.withSpec()
    try await repository.git("branch", "cluster")
    let audit = try AuditRepository(folder: repository.path)

    let error = await #expect(throws: AuditError.self) { try await audit.record(.sample("run1")) }

    #expect(error?.next == "Rename the branch: git branch -m cluster NAME")
  }

  // MARK: Locks

  private static let lock = ".git/\(AuditRepository.history).lock"

  /// One of git's own, held by somebody or left by somebody: it says nothing, so it stays.
  @Test func aLockOfSomebodyElseIsNamed() async throws {
    for text in ["", "0123456789012345678901234567890123456789\n"] {
      let (repository, audit, _) = try await Self.recorded()
      try repository.write(Self.lock, text)

      let error = await #expect(throws: AuditError.self) { try await audit.record(.sample("run2")) }

      #expect(error?.code == .contended)
      #expect(error?.next.contains("\(AuditRepository.history).lock") == true)
      try FileManager.default.removeItem(atPath: "\(repository.path)/\(Self.lock)")
      try await Self.expectTheNextRunGoesOn(repository, "a lock")
    }
  }

  /// Nobody is alive who made it, git or this program.
  @Test func aLockFromBeforeTheMachineStartedIsTakenAway() async throws {
    let (repository, _, _) = try await Self.recorded()
    try repository.write(Self.lock, "")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: "\(repository.path)/\(Self.lock)")

    try await Self.expectTheNextRunGoesOn(repository, "an old lock")
  }

  @Test func aTurnThatIsHeldIsLeftAlone() async throws {
    let (repository, audit, first) = try await Self.recorded()
    let git = try GitRepository(containing: repository.path)
    let held = try #require(try WriterLock(AuditRepository.writer, for: AuditRepository.history, in: git))
    #expect(try WriterLock(AuditRepository.writer, for: AuditRepository.history, in: git) == nil)

    let error = await #expect(throws: AuditError.self) { try await audit.record(.sample("run2")) }

    #expect(error?.code == .contended)
    #expect(try await repository.git("rev-parse", "cluster/history") == first)
    withExtendedLifetime(held) {}
  }

  @Test func ofManyThatFindAnAbandonedLockOneGetsIt() async throws {
    let (repository, audit, first) = try await Self.recorded()
    try repository.write(".git/\(AuditRepository.writer)", "\(first)\n")
    try repository.write(Self.lock, "\(first.prefix(9))")

    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 2..<8 { group.addTask { _ = try await audit.record(.sample("run\(number)")) } }
      try await group.waitForAll()
    }

    #expect(try audit.log(site: "site").count == 7)
    #expect(try await repository.git("fsck", "--strict", "--no-dangling").isEmpty)
    #expect(!FileManager.default.fileExists(atPath: "\(repository.path)/\(Self.lock)"))
  }
}
