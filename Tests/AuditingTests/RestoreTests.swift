// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing

@testable import Auditing

/// Going back to the description of an earlier run: a new commit, exactly what was recorded, and nothing lost.
@Suite struct RestoreTests {
  private func record(_ run: String, _ files: [String: String], result: String = "converged") -> AuditRecord {
    var record = AuditRecord.sample(run)
    record.specification = files.mapValues { RecordedFile(Array($0.utf8)) }
    record.result = result
    return record
  }

  private func committed(_ files: [String: String]) async throws -> (TemporaryRepository, AuditRepository) {
    let repository = try await TemporaryRepository.withSpec()
    for (path, text) in files { try repository.write(path, text) }
    try await repository.git("add", "-A")
    try await repository.git("commit", "-qm", "Now")
    return (repository, try AuditRepository(folder: repository.path))
  }

  @Test func theRecordedFilesAreBackInANewCommit() async throws {
    let (repository, audit) = try await committed(["cluster.yaml": "new\n", "extra/b": "b", "other": "mine"])
    try repository.write("other", "changed by somebody")
    _ = try await audit.record(record("run1", ["cluster.yaml": "old\n", "extra/a": "a"]))

    let commit = try await audit.restore(try audit.find("run1", site: "site"), present: ["cluster.yaml", "extra/b"])

    #expect(try await repository.git("rev-parse", "HEAD") == commit)
    #expect(try await repository.git("show", "HEAD:cluster.yaml") == "old")
    #expect(try await repository.git("show", "HEAD:extra/a") == "a")
    #expect(try await repository.git("ls-tree", "-r", "--name-only", "HEAD", "extra") == "extra/a")
    #expect(try await repository.git("status", "--porcelain") == "M other")
    #expect(try await repository.git("log", "-1", "--format=%(trailers)") == "Rolls-back-to: run1")
  }

  /// A unit that an image enables by a link would not be enabled any more.
  @Test func aLinkIsALinkAgain() async throws {
    let (repository, audit) = try await committed(["cluster.yaml": "new\n", "a": "a file by now"])
    var run1 = record("run1", ["cluster.yaml": "old\n"])
    for path in ["a", "wants/b.service"] { run1.specification[path] = RecordedFile(Array("../b.service".utf8), .link) }
    _ = try await audit.record(run1)
    let run = try audit.find("run1", site: "site")

    _ = try await audit.restore(run, present: ["cluster.yaml", "a"])

    let modes = try await repository.git("ls-tree", "-r", "HEAD", "--format=%(objectmode) %(path)")
    #expect(modes.contains("120000 a\n") && modes.contains("120000 wants/b.service"), "\(modes)")
    #expect(try await repository.git("status", "--porcelain").isEmpty)
    #expect(try audit.specification(of: run)["a"]?.kind == .link)
  }

  /// A script in an image that lost its mode would make another image.
  @Test func aFileThatMayBeRunMayBeRunAgain() async throws {
    let (repository, audit) = try await committed(["cluster.yaml": "new\n", "b.sh": "later"])
    var run1 = record("run1", ["cluster.yaml": "old\n", "b.sh": "b"])
    run1.specification["a.sh"] = RecordedFile(Array("a".utf8), .program)
    run1.specification["b.sh"]?.kind = .program
    _ = try await audit.record(run1)

    _ = try await audit.restore(try audit.find("run1", site: "site"), present: ["cluster.yaml", "b.sh"])

    let modes = try await repository.git("ls-tree", "HEAD", "--format=%(objectmode) %(path)")
    #expect(modes == "100755 a.sh\n100755 b.sh\n100644 cluster.yaml")
  }

  @Test func changesThatNoCommitHoldsAreNotLost() async throws {
    let (repository, audit) = try await committed(["cluster.yaml": "new\n"])
    _ = try await audit.record(record("run1", ["cluster.yaml": "old\n"]))
    try repository.write("cluster.yaml", "newer\n")
    let run = try audit.find("run1", site: "site")

    let error = await #expect(throws: AuditError.self) {
      try await audit.restore(run, present: ["cluster.yaml"])
    }

    #expect(error?.code == .uncommitted)
    #expect(try String(contentsOfFile: repository.path + "/cluster.yaml", encoding: .utf8) == "newer\n")
  }

  @Test func nothingIsCommittedWhenNothingDiffers() async throws {
    let (repository, audit) = try await committed(["cluster.yaml": "same\n"])
    let head = try await repository.git("rev-parse", "HEAD")
    _ = try await audit.record(record("run1", ["cluster.yaml": "same\n"]))

    #expect(try await audit.restore(try audit.find("run1", site: "site"), present: ["cluster.yaml"]) == nil)
    #expect(try await repository.git("rev-parse", "HEAD") == head)
  }

  @Test func withoutANameItIsTheNewestOtherDescriptionBeforeTheLastSuccess() async throws {
    let (repository, audit) = try await committed(["cluster.yaml": "now\n"])
    defer { withExtendedLifetime(repository) {} }
    #expect(throws: AuditError.self) { try audit.runBeforeTheLastSuccess(site: "site") }
    for (run, text, result) in [
      ("run1", "a", "converged"), ("run2", "b", "converged"), ("run3", "c", "converged"), ("run4", "c", "converged"),
      ("run5", "d", "partial"),
    ] { _ = try await audit.record(record(run, ["cluster.yaml": text], result: result)) }

    #expect(try audit.runBeforeTheLastSuccess(site: "site").id == "run2")
  }
}
