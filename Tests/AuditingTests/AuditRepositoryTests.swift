// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Auditing

@Suite struct AuditRepositoryTests {
  private let catalog = [NumberKind.name: AnyKind(NumberKind.self)]

  @Test func aRunIsOneCommitThatGitItselfCanRead() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let audit = try AuditRepository(folder: repository.path)
    let spec = try audit.specState(["cluster.yaml"])

    let recorded = try await audit.record(.sample("run1", spec: spec))

    let head = try await repository.git("rev-parse", "HEAD")
    #expect(try await repository.git("rev-parse", "cluster/history") == recorded.commit)
    #expect(!recorded.isSigned)
    #expect(try await repository.git("fsck", "--strict", "--no-dangling").isEmpty)
    #expect(try await repository.git("status", "--porcelain").isEmpty)
    #expect(
      try await repository.git("log", "-1", "--format=%an <%ae> %ct%n%s%n%(trailers)", "cluster/history")
        == """
        Ada <ada@example.org> 1700000100
        partial: 1 of 2 steps
        Spec: \(head)
        Run: run1
        Result: partial
        By: ada@desk
        Tool: cluster 0.1
        Site: site
        Generation: 1
        """)
    #expect(
      try await repository.git("ls-tree", "-r", "--name-only", "cluster/history").split(separator: "\n") == [
        "managed/head1/number.json", "observed/head1/units.txt", "outcome.json", "outcome.txt", "plan.json", "plan.txt",
        "spec/cluster.yaml",
      ])
    #expect(
      try await repository.git("show", "cluster/history:outcome.txt")
        == """
        changed          0.2 s  file@head1:/a/write  written
        failed          61.0 s  file@head1:/b/write  no space: write: ENOSPC
        """)
  }

  @Test func beforeTheFirstRunThereIsNothing() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let audit = try AuditRepository(folder: repository.path)

    #expect(try audit.log(site: nil).isEmpty)
    #expect(try audit.managed(site: "site", catalog: catalog).resources.isEmpty)
  }

  @Test func theNewestRunOfASiteSaysWhatIsManaged() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let audit = try AuditRepository(folder: repository.path)
    for (run, site) in [("run1", "site"), ("run2", "lab:1"), ("run3", "site"), ("run4", "lab:1")] {
      _ = try await audit.record(.sample(run, site: site))
    }

    let managed = try audit.managed(site: "site", catalog: catalog)
    let log = try audit.log(site: "site")

    #expect(managed.resources.map(\.id.name) == ["run3"])
    #expect(managed.resources.first?.desired as? NumberKind.Desired == NumberKind.Desired(number: 42))
    #expect(log.map(\.id) == ["run3", "run1"])
    #expect(log.first?.result == "partial")
    #expect(log.first?.at == 1_700_000_100)
    #expect(try audit.log(site: nil, limit: 3).map(\.id) == ["run4", "run3", "run2"])
    #expect(
      try audit.file("observed/head1/units.txt", in: try #require(log.first)) == Array("dnsmasq.service active\n".utf8))
    #expect(try audit.file("nothing", in: try #require(log.first)) == nil)
  }

  @Test func whatAnotherVersionRecordedIsToldAndTakesNothingAlong() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let audit = try AuditRepository(folder: repository.path)
    var record = AuditRecord.sample("run1")
    record.managed.append(ManagedResource(id: ResourceID("future", "x"), desired: NumberKind.Desired(number: 1)))
    _ = try await audit.record(record)

    let managed = try audit.managed(site: "site", catalog: catalog)

    #expect(managed.resources.map(\.id.name) == ["run1"])
    #expect(managed.unreadable == [ResourceID("future", "x")])
  }

  @Test func aRecordWithoutAListIsNotOneThatListsNothing() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let audit = try AuditRepository(folder: repository.path)
    var record = AuditRecord.sample("run1")
    record.managed = []
    _ = try await audit.record(record)
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

  /// A text is made anew for what has changed, and only for that.
  @Test func aLineThatDidNotChangeIsNotWrittenAnewAndOneThatDidIs() async throws {
    let repository = try await TemporaryRepository.withSpec()
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

  @Test func runsRecordedAtTheSameTimeAllStay() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let audit = try AuditRepository(folder: repository.path)

    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<8 { group.addTask { _ = try await audit.record(.sample("run\(number)")) } }
      try await group.waitForAll()
    }

    #expect(Set(try audit.log(site: "site").map(\.id)).count == 8)
    #expect(try await repository.git("rev-list", "--count", "cluster/history") == "8")
  }

  @Test func theSpecsStateNamesFilesThatAreNotCommitted() async throws {
    let repository = try await TemporaryRepository.withSpec()
    try repository.write("site/cluster.yaml", "a")
    try repository.write("site/images/motd", "a")
    try repository.write(".gitignore", "*.secret\n")
    try await repository.git("add", "-A")
    try await repository.git("commit", "-qm", "A site")
    let audit = try AuditRepository(folder: repository.path + "/site")
    let files = ["cluster.yaml", "images/motd", "images/new", "x.secret"]
    #expect(try audit.specState(Array(files.prefix(2))).dirty.isEmpty)

    try repository.write("site/images/motd", "b")
    try repository.write("site/images/new", "b")
    try repository.write("site/x.secret", "b")
    let state = try audit.specState(files)

    #expect(state.dirty == ["images/motd", "images/new", "x.secret"])
    #expect(state.label == (try await repository.git("rev-parse", "HEAD")) + "-dirty")
  }

  @Test func aRepositoryWithoutACommitHasNoSpecCommit() async throws {
    let repository = try await TemporaryRepository()
    try repository.write("cluster.yaml", "version: 1\n")
    let audit = try AuditRepository(folder: repository.path)

    let state = try audit.specState(["cluster.yaml"])
    _ = try await audit.record(.sample("run1", spec: state))

    #expect(state.label == "none-dirty")
    #expect(try audit.log(site: "site").first?.spec == "none-dirty")
  }

  @Test func manyRunsBecomeFewPacksAndStayWhole() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let audit = try AuditRepository(folder: repository.path)

    for number in 0..<70 {
      let recorded = try await audit.record(.sample("run\(number)"))
      #expect(recorded.unpackedBecause == nil)
    }

    let packs = try FileManager.default.contentsOfDirectory(atPath: repository.path + "/.git/objects/pack")
    #expect(packs.count { $0.hasSuffix(".pack") } <= 33)
    #expect(try audit.log(site: "site").count == 70)
    #expect(try await repository.git("fsck", "--strict", "--no-dangling").isEmpty)
  }

  @Test func commitsAreSignedAsGitIsToldTo() async throws {
    let repository = try await TemporaryRepository.withSpec()
    let key = repository.path + "/.git/key"
    _ = try await Command.checked("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key], next: "Read it.")
    let publicKey = try String(contentsOfFile: key + ".pub", encoding: .utf8)
    try repository.write(".git/signers", "ada@example.org \(publicKey)")
    for (name, value) in [
      ("gpg.format", "ssh"), ("user.signingkey", key), ("commit.gpgsign", "true"),
      ("gpg.ssh.allowedSignersFile", repository.path + "/.git/signers"),
    ] { try await repository.git("config", name, value) }
    let audit = try AuditRepository(folder: repository.path)

    let recorded = try await audit.record(.sample("run1"))

    #expect(recorded.isSigned)
    #expect(try await repository.git("log", "-1", "--format=%G?", "cluster/history") == "G")
    let verdict = try await Command.checked(
      "git", ["-C", repository.path, "verify-commit", "cluster/history"], next: "Read what git says.")
    #expect(verdict.errorText.hasPrefix("Good \"git\" signature for ada@example.org"))
    #expect(try await repository.git("fsck", "--strict", "--no-dangling").isEmpty)
  }

  /// What is as it was costs no object: only what differs from the run before goes to the disk.
  @Test func aRunWritesWhatChangedAndNothingElse() async throws {
    let repository = try await TemporaryRepository.withSpec()
    var record = AuditRecord.sample("run1")
    record.observed = ["head1/nodes.txt": (0..<2_000).map { "n\(10_000 + $0) ready\n" }.joined()]
    _ = try await AuditRepository(folder: repository.path).record(record)
    let packs = Set(try repository.packs())

    record.outcome.finishedAt += 1
    record.observed["head1/nodes.txt"]?.append("n99999 ready\n")
    _ = try await AuditRepository(folder: repository.path).record(record)

    let new = try #require(Set(try repository.packs()).subtracting(packs).first)
    let listed = try await repository.git("verify-pack", "-v", new.replacingOccurrences(of: ".pack", with: ".idx"))
    let kinds = ["commit", "tree", "blob"].map { kind in
      listed.split(separator: "\n").count { $0.contains(" \(kind) ") }
    }
    // The last of the lists and `outcome.json`; the folders of the first one, and the commit's.
    #expect(kinds == [1, 4, 2])
  }

  @Test func aKeyThatCannotSignIsTold() async throws {
    let repository = try await TemporaryRepository.withSpec()
    for (name, value) in [("gpg.format", "ssh"), ("user.signingkey", "/nowhere/key"), ("commit.gpgsign", "true")] {
      try await repository.git("config", name, value)
    }
    let audit = try AuditRepository(folder: repository.path)

    let error = await #expect(throws: AuditError.self) { try await audit.record(.sample("run1")) }

    #expect(error?.code == .signing)
    #expect(error?.next.contains("/nowhere/key") == true)
    #expect(try audit.log(site: nil).isEmpty)
  }
}
