// SPDX-License-Identifier: Apache-2.0
import CGit2
import ClusterModel
import Foundation
import Testing

@testable import Auditing

/// A history that began with `managed.json`, one file for all that is managed, goes on in files for each host and kind,
/// and is read as one history.
@Suite struct EarlierRecordTests {
  private let catalog = [NumberKind.name: AnyKind(NumberKind.self)]

  /// Writes a run as versions before did.
  private func recordAsBefore(_ record: AuditRecord, in repository: TemporaryRepository) throws {
    let git = try GitRepository(containing: repository.path)
    let recent = RecentFiles()
    var files = try record.files(ManagedLines(), recent).filter { !$0.key.hasPrefix("managed/") }
    files["managed.json"] = RecordedFile(try ManagedSet.json(record.managed))
    let objects = NewObjects(known: [])
    let parent = try git.commit(at: AuditRepository.history)
    let bytes = GitCommit.bytes(
      tree: try objects.add(tree: files, recent), parents: parent.map { [$0] } ?? [],
      author: GitAuthor(name: "Ada", email: "ada@example.org", time: record.outcome.finishedAt),
      message: record.message(after: nil))
    let commit = try objects.add(bytes, GIT_OBJECT_COMMIT)
    let publication = try RecordPublication(objects, commit: commit, in: git)
    try #require(try publication.publish(AuditRepository.history, from: parent, git))
  }

  private func record(_ run: String, _ numbers: [String: Int]) -> AuditRecord {
    var record = AuditRecord.sample(run)
    record.managed = numbers.map { name, number in
      ManagedResource(
        id: ResourceID("number", on: name == "c" ? "head2" : "head1", name), desired: NumberKind.Desired(number: number)
      )
    }
    return record
  }

  @Test func bothAreReadAsOneHistory() async throws {
    let repository = try await TemporaryRepository.withSpec()
    try recordAsBefore(record("run1", ["a": 1, "b": 1]), in: repository)
    try recordAsBefore(record("run2", ["a": 1, "b": 2, "c": 1]), in: repository)
    let audit = try AuditRepository(folder: repository.path)

    let managed = try audit.managed(site: "site", catalog: catalog)
    #expect(managed.resources.map(\.id.name) == ["a", "b", "c"])

    var third = record("run3", [:])
    third.managed = managed.resources
    try audit.prepare(third.managed)
    _ = try await audit.record(third)
    _ = try await audit.record(record("run4", ["a": 4, "b": 2, "c": 1]))

    #expect(
      try await repository.git("ls-tree", "-r", "--name-only", "cluster/history", "managed").split(separator: "\n")
        == ["managed/head1/number.json", "managed/head2/number.json"])
    #expect(try audit.managed(site: "site", catalog: catalog).resources.count == 3)
    let blame = try audit.blame("number@*:*", site: "site")
    #expect(blame.map(\.resource) == ["number@head1:a", "number@head1:b", "number@head2:c"])
    #expect(blame.map(\.introduced.id) == ["run1", "run1", "run2"])
    #expect(blame.map(\.changed.id) == ["run4", "run2", "run2"])
    #expect(try await audit.verify(journal: [], site: "site").findings == [])
    #expect(try await repository.git("fsck", "--strict", "--no-dangling").isEmpty)
  }

  @Test func theirDifferenceIsOfWhatChangedAndNotOfTheFiles() async throws {
    let repository = try await TemporaryRepository.withSpec()
    try recordAsBefore(record("run1", ["a": 1, "b": 1, "c": 1]), in: repository)
    let audit = try AuditRepository(folder: repository.path)
    _ = try await audit.record(record("run2", ["a": 1, "b": 1, "c": 1]))
    _ = try await audit.record(record("run3", ["a": 1, "b": 3, "c": 1]))
    func files(_ from: String, _ to: String) throws -> [RecordDifference.File] {
      try audit.difference(from: audit.find(from, site: "site"), to: audit.find(to, site: "site")).files
    }

    #expect(try files("run1", "run2").isEmpty)
    let changed = try files("run1", "run3")
    #expect(changed.map(\.path) == ["managed/head1/number.json"])
    #expect(changed.first?.added == 1)
    #expect(changed.first?.removed == 1)
  }

  @Test func aRecordWithoutAListIsNotOneThatListsNothing() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let audit = try AuditRepository(folder: repository.path)
    _ = try await audit.record(record("run1", [:]))
    #expect(try audit.managed(site: "site", catalog: catalog).resources.isEmpty)
    try await repository.git("read-tree", "cluster/history")
    try await repository.git("rm", "-q", "--cached", "-r", "managed")
    let tree = try await repository.git("write-tree")
    let message = try await repository.git("log", "-1", "--format=%B", "cluster/history")
    let commit = try await repository.git("commit-tree", tree, "-m", message)
    try await repository.git("update-ref", AuditRepository.history, commit)

    let error = #expect(throws: AuditError.self) { try audit.managed(site: "site", catalog: catalog) }

    #expect(error?.code == .damaged)
  }
}
