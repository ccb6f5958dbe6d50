// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Auditing

/// What is done to a history behind our back is found, and the commit is named.
@Suite struct VerifyTests {
  private func recorded(_ runs: [String]) async throws -> (TemporaryRepository, AuditRepository, [String]) {
    let repository = try await TemporaryRepository.withSpec()
    let audit = try AuditRepository(folder: repository.path)
    var commits: [String] = []
    for run in runs { commits.append(try await audit.record(.sample(run)).commit) }
    return (repository, audit, commits)
  }

  private let journal = ["run1", "run2", "run3"].map { EndedRun(id: $0, result: "done") }

  @Test func anUntouchedHistoryIsGood() async throws {
    let (repository, audit, _) = try await recorded(["run1", "run2", "run3"])
    defer { withExtendedLifetime(repository) {} }

    let result = try await audit.verify(journal: journal + [EndedRun(id: "run3.2", result: "done")], site: "site")

    #expect(result.findings == [])
    #expect(result.runs == 3)
    #expect(result.commits == 3)
  }

  @Test func aHistoryThatIsNotThereMissesEveryRun() async throws {
    let (repository, audit, _) = try await recorded([])
    defer { withExtendedLifetime(repository) {} }
    #expect(try await audit.verify(journal: journal, site: "site").findings.count == 3)
    #expect(try await audit.verify(journal: [], site: "site").isGood)
  }

  @Test func aTipThatWasSetBackIsFound() async throws {
    let (repository, audit, commits) = try await recorded(["run1", "run2", "run3"])
    try await repository.git("update-ref", AuditRepository.history, commits[1])

    let result = try await audit.verify(journal: journal, site: "site")

    #expect(result.findings.contains { $0.commit == commits[2] && $0.what.contains("set back or rewritten") })
    #expect(result.findings.contains { $0.commit == nil && $0.what.contains("run run3") })
  }

  @Test func aRunThatWasTakenOutOfTheMiddleIsFound() async throws {
    let (repository, audit, commits) = try await recorded(["run1", "run2", "run3"])
    let forged = try await repository.rewrite(commits[2], from: "parent \(commits[1])", to: "parent \(commits[0])")
    try await repository.git("update-ref", AuditRepository.history, forged)
    try await repository.git("reflog", "expire", "--expire=now", "--all")

    let result = try await audit.verify(journal: journal, site: "site")

    #expect(
      result.findings.map(\.what) == [
        "generation 2 of site is not recorded, and was when run run3 was",
        "run run2, which ended done on this machine, is not recorded",
      ])
  }

  @Test func anotherAuthorInTheMiddleIsFoundByWhereTheHistoryWas() async throws {
    let (repository, audit, commits) = try await recorded(["run1", "run2", "run3"])
    let middle = try await repository.rewrite(commits[1], from: "By: ada@desk", to: "By: eve@desk")
    let tip = try await repository.rewrite(commits[2], from: "parent \(commits[1])", to: "parent \(middle)")
    try await repository.git("update-ref", AuditRepository.history, tip)

    let result = try await audit.verify(journal: journal, site: "site")

    #expect(Set(result.findings.compactMap(\.commit)) == [commits[1], commits[2]])
  }

  @Test func aMessageThatDoesNotFitItsContentIsFound() async throws {
    let (repository, audit, commits) = try await recorded(["run1"])
    let forged = try await repository.rewrite(commits[0], from: "Run: run1", to: "Run: run9")
    try await repository.git("update-ref", AuditRepository.history, forged)
    try await repository.git("reflog", "expire", "--expire=now", "--all")

    let result = try await audit.verify(journal: [], site: "site")

    #expect(result.findings.map(\.commit) == [forged])
    #expect(result.findings.first?.what == "its message says run run9, and outcome.json run1")
  }

  @Test func aLostFileIsFoundInItsCommit() async throws {
    let (repository, audit, commits) = try await recorded(["run1", "run2"])
    let blob = try await repository.git("rev-parse", "\(commits[0]):outcome.json")
    try await repository.forget(blob)

    let result = try await audit.verify(journal: [], site: "site")

    #expect(result.findings.contains { $0.commit == commits[0] && $0.what.contains(blob) })
  }

  @Test func aCommitThatIsNoRunIsFound() async throws {
    let (repository, audit, commits) = try await recorded(["run1"])
    let odd = try await repository.git("commit-tree", "-p", commits[0], "-m", "Hello", "\(commits[0])^{tree}")
    try await repository.git("update-ref", AuditRepository.history, odd)

    let result = try await audit.verify(journal: [], site: "site")

    #expect(result.findings.map(\.commit) == [odd])
  }

  @Test func twoHistoriesThatWereJoinedAreGoodUnlessTheJoiningAddsSomething() async throws {
    let (repository, audit, commits) = try await recorded(["run1", "run2"])
    try await repository.git("update-ref", AuditRepository.history, commits[0])
    let theirs = try await audit.record(.sample("run3")).commit
    func join(_ tree: String) async throws {
      let joined = try await repository.git(
        "commit-tree", "-p", theirs, "-p", commits[1], "-m", "Join\n\nJoin: \(commits[1])\nBy: ada@desk\n", tree)
      try await repository.git("update-ref", AuditRepository.history, joined)
    }
    try await join("\(theirs)^{tree}")
    let journal = ["run1", "run2", "run3"].map { EndedRun(id: $0, result: "done") }
    #expect(try await audit.verify(journal: journal, site: "site").findings == [])
    #expect(Set(try audit.log(site: "site").map(\.id)) == ["run1", "run2", "run3"])

    try await repository.git("reflog", "expire", "--expire=now", "--all")
    try await join("HEAD^{tree}")
    let result = try await audit.verify(journal: journal, site: "site")
    #expect(result.findings.first?.what == "it joins two histories, and its files are of neither")
  }

  @Test func aCopyThatKnowsMoreGivesASetBackHistoryAway() async throws {
    let (repository, audit, commits) = try await recorded(["run1", "run2"])
    try await repository.git("update-ref", "refs/cluster/copies/site/head2", commits[1])
    try await repository.git("update-ref", AuditRepository.history, commits[0])
    try await repository.git("reflog", "expire", "--expire=now", "--all")

    let result = try await audit.verify(journal: [], site: "site")

    #expect(result.findings.map(\.commit) == [commits[1]])
    #expect(result.findings.first?.what.contains("the copy on site/head2") == true)
  }

  @Test func aForgedSignatureAndAMissingOneAreFound() async throws {
    let repository = try await TemporaryRepository.withSpec()
    try await repository.signWithNewKey()
    let audit = try AuditRepository(folder: repository.path)
    var commits: [String] = []
    for run in ["run1", "run2"] { commits.append(try await audit.record(.sample(run)).commit) }
    #expect(try await audit.verify(journal: [], site: "site").signatures == .signed(2, good: 2))
    let forged = try await repository.rewrite(commits[1], from: "By: ada@desk", to: "By: eve@desk")
    try await repository.git("update-ref", AuditRepository.history, forged)
    try await repository.git("config", "commit.gpgsign", "false")
    let unsigned = try await audit.record(.sample("run3")).commit
    try await repository.git("reflog", "expire", "--expire=now", "--all")

    let result = try await audit.verify(journal: [], site: "site")

    #expect(result.signatures == .signed(2, good: 1))
    #expect(result.findings.first { $0.commit == forged }?.what.contains("signature is bad") == true)
    #expect(result.findings.first { $0.commit == unsigned }?.what.contains("not signed") == true)
    #expect(result.findings.count == 2)
  }

  @Test func signaturesThatNobodyVouchesForAreNoSuccess() async throws {
    let repository = try await TemporaryRepository.withSpec()
    try await repository.signWithNewKey()
    try await repository.git("config", "--unset", "gpg.ssh.allowedSignersFile")
    let audit = try AuditRepository(folder: repository.path)
    _ = try await audit.record(.sample("run1"))

    let result = try await audit.verify(journal: [], site: "site")

    #expect(result.signatures == .unchecked(1))
    #expect(!result.isGood)
  }
}

extension TemporaryRepository {
  /// A commit like another one with a word exchanged, written by git itself. Returns its name.
  func rewrite(_ commit: String, from: String, to: String) async throws -> String {
    let result = try await Command.checked("git", ["-C", path, "cat-file", "commit", commit], next: "Read it.")
    let text = result.text
    #expect(text.contains(from))
    let forged = Array(text.replacingOccurrences(of: from, with: to).utf8)
    let written = try await Command.checked(
      "git", ["-C", path, "hash-object", "-t", "commit", "-w", "--stdin"], input: forged, next: "Read it.")
    return written.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Loses one object, as a bad disk would.
  func forget(_ object: String) async throws {
    let packs = folder.appending(path: ".git/objects/pack")
    let aside = folder.appending(path: "aside")
    try FileManager.default.moveItem(at: packs, to: aside)
    try FileManager.default.createDirectory(at: packs, withIntermediateDirectories: true)
    for pack in try FileManager.default.contentsOfDirectory(atPath: aside.path) where pack.hasSuffix(".pack") {
      let bytes = try Data(contentsOf: aside.appending(path: pack))
      try await Command.checked("git", ["-C", path, "unpack-objects", "-q"], input: Array(bytes), next: "Read it.")
    }
    try FileManager.default.removeItem(
      at: folder.appending(path: ".git/objects/\(object.prefix(2))/\(object.dropFirst(2))"))
  }

  func signWithNewKey() async throws {
    let key = path + "/.git/key"
    _ = try await Command.checked("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key], next: "Read it.")
    try write(".git/signers", "ada@example.org \(try String(contentsOfFile: key + ".pub", encoding: .utf8))")
    for (name, value) in [
      ("gpg.format", "ssh"), ("user.signingkey", key), ("commit.gpgsign", "true"),
      ("gpg.ssh.allowedSignersFile", path + "/.git/signers"),
    ] { try await git("config", name, value) }
  }
}
