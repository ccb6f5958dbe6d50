// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Auditing

/// Copies of the record in real repositories, with git(1) in between.
@Suite struct HistoryCopiesTests {
  /// Two heads, reached as folders; a way can be cut.
  private struct Heads {
    let head1: TemporaryRepository
    let head2: TemporaryRepository

    init() async throws {
      head1 = try await TemporaryRepository(["init", "-q", "--bare"])
      head2 = try await TemporaryRepository(["init", "-q", "--bare"])
      // As the agent makes them.
      for head in [head1, head2] { try await head.git("config", "receive.denyNonFastForwards", "true") }
    }

    func copies(of repository: TemporaryRepository, cut: Set<String> = []) -> HistoryCopies {
      let places = ["head1": head1.path, "head2": head2.path]
      let ways = places.map { name, path in
        (name, Folder(name: name, url: cut.contains(name) ? "/nowhere/\(name)" : path))
      }
      return HistoryCopies(
        folder: repository.path, site: "lab:1", by: "ada@desk", heads: Dictionary(uniqueKeysWithValues: ways))
    }
  }

  private struct Folder: HistoryKeeper {
    var name: String
    var url: String
    func historyPlace() async throws(AgentError) -> HistoryPlace { HistoryPlace(name: name, url: url) }
  }

  private func record(_ run: String, at time: Int, in repository: TemporaryRepository) async throws -> String {
    var record = AuditRecord.sample(run)
    record.outcome.finishedAt = time
    return try await AuditRepository(folder: repository.path).record(record).commit
  }

  @Test func everyHeadGetsTheRecord() async throws {
    let heads = try await Heads()
    let repository = try await TemporaryRepository.withSpec()
    let commit = try await record("run1", at: 1_700_000_000, in: repository)

    let copies = try await heads.copies(of: repository).distribute()

    #expect(copies.map(\.name) == ["head1", "head2"])
    #expect(copies.filter { !$0.isCurrent } == [])
    #expect(try await heads.head1.git("rev-parse", "cluster/history") == commit)
    #expect(try await heads.head2.git("rev-parse", "cluster/history") == commit)
  }

  @Test func aHeadThatIsAwayIsBehindAndGetsItLater() async throws {
    let heads = try await Heads()
    let repository = try await TemporaryRepository.withSpec()
    _ = try await record("run1", at: 1_700_000_000, in: repository)
    _ = try await record("run2", at: 1_700_000_500, in: repository)

    let cut = try await heads.copies(of: repository, cut: ["head2"]).distribute()
    let known = try await heads.copies(of: repository).standing()
    let later = try await heads.copies(of: repository).distribute()

    #expect(cut.map(\.behind) == [0, 2])
    #expect(cut[1].problem?.contains("/nowhere/head2") == true)
    #expect(cut[1].next?.isEmpty == false)
    #expect(known[1].behind == 2)
    #expect(known[1].behindSince == 1_700_000_000)
    #expect(later.filter { !$0.isCurrent } == [])
  }

  @Test func whatAnotherMachineRecordedIsTakenOver() async throws {
    let heads = try await Heads()
    let (ada, bob) = (try await TemporaryRepository.withSpec(), try await TemporaryRepository.withSpec())
    let commit = try await record("run1", at: 1_700_000_000, in: ada)
    _ = try await heads.copies(of: ada).distribute()

    let gathered = try await heads.copies(of: bob).gather()

    #expect(gathered.filter { !$0.isCurrent } == [])
    #expect(try await bob.git("rev-parse", "cluster/history") == commit)
    #expect(try await bob.git("status", "--porcelain").isEmpty)
  }

  /// Both recorded a run without knowing of the other's: neither is lost, and nothing is forced.
  @Test func twoHistoriesAreJoined() async throws {
    let heads = try await Heads()
    let (ada, bob) = (try await TemporaryRepository.withSpec(), try await TemporaryRepository.withSpec())
    _ = try await record("run0", at: 1_700_000_000, in: ada)
    _ = try await heads.copies(of: ada).distribute()
    _ = try await heads.copies(of: bob).gather()
    let first = try await record("run1", at: 1_700_000_100, in: ada)
    let second = try await record("run2", at: 1_700_000_200, in: bob)
    _ = try await heads.copies(of: ada).distribute()

    let copies = try await heads.copies(of: bob).distribute()

    #expect(copies.filter { !$0.isCurrent } == [])
    let parents = try await heads.head1.git("log", "-1", "--format=%P", "cluster/history").split(separator: " ")
    #expect(parents.map(String.init) == [second, first])
    #expect(try await heads.head1.git("diff", "cluster/history", second).isEmpty)
    let joined = try await bob.git("rev-parse", "cluster/history")
    #expect(try await heads.head2.git("rev-parse", "cluster/history") == joined)
    _ = try await heads.copies(of: ada).gather()
    #expect(try await ada.git("rev-parse", "cluster/history") == joined)
  }

  /// Root on a head can write to its copy: a list of managed things there would be the next plan's removals here.
  @Test func whatDoesNotSayWhatItHoldsIsNotTakenOver() async throws {
    let heads = try await Heads()
    let ada = try await TemporaryRepository.withSpec()
    let ours = try await record("run0", at: 1_700_000_000, in: ada)
    _ = try await heads.copies(of: ada).distribute()
    let tree = try await heads.head2.git("rev-parse", "cluster/history^{tree}")
    let message = "Apply\n\nRun: run1\nResult: converged\nSpec: x\nBy: root@head2\nTool: x\nSite: site\n"
    let forged = try await heads.head2.git(
      "-c", "user.name=x", "-c", "user.email=x@y", "commit-tree", "-p", ours, "-m", message, tree)
    try await heads.head2.git("update-ref", "refs/heads/cluster/history", forged)

    let copies = try await heads.copies(of: ada).gather()

    #expect(try await ada.git("rev-parse", "cluster/history") == ours)
    let copy = try #require(copies.first { $0.name == "head2" })
    #expect(copy.problem?.contains("its message says run run1, and outcome.json run0") == true, "\(copy)")
    #expect(copies.flatMap(\.taken).isEmpty)
  }

  @Test func whatIsTakenOverIsSaid() async throws {
    let heads = try await Heads()
    let (ada, bob) = (try await TemporaryRepository.withSpec(), try await TemporaryRepository.withSpec())
    _ = try await record("run0", at: 1_700_000_000, in: ada)
    _ = try await heads.copies(of: ada).distribute()
    _ = try await heads.copies(of: bob).gather()
    _ = try await record("run1", at: 1_700_000_100, in: bob)
    _ = try await heads.copies(of: bob).distribute()

    let copies = try await heads.copies(of: ada).gather()

    #expect(copies.flatMap(\.taken) == ["run1 by ada@desk"])
  }

  @Test func aRemoteTakesPartWhenGitsConfigurationSaysSo() async throws {
    let (heads, remote) = (try await Heads(), try await TemporaryRepository(["init", "-q", "--bare"]))
    let repository = try await TemporaryRepository.withSpec()
    for name in ["forge", "other"] { try await repository.git("remote", "add", name, remote.path) }
    try await repository.git("config", "remote.forge.clusterHistory", "true")
    try await repository.git("config", "remote.other.clusterHistory", "false")
    let commit = try await record("run1", at: 1_700_000_000, in: repository)

    let copies = try await heads.copies(of: repository).distribute()

    #expect(copies.map(\.name) == ["forge", "head1", "head2"])
    #expect(copies.filter { !$0.isCurrent } == [])
    #expect(try await remote.git("rev-parse", "cluster/history") == commit)
  }
}
