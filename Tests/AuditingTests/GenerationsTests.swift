// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing

@testable import Auditing

/// The numbers of runs give away what was taken out, put twice or put elsewhere, also where no journal knows of it.
@Suite struct GenerationsTests {
  private func recorded(_ runs: [AuditRecord]) async throws -> (TemporaryRepository, AuditRepository, [String]) {
    let repository = try await TemporaryRepository.withSpec()
    let audit = try AuditRepository(folder: repository.path)
    var commits: [String] = []
    for run in runs { commits.append(try await audit.record(run).commit) }
    return (repository, audit, commits)
  }

  private func run(_ generation: Int, earlier: [Int]? = nil, name: String? = nil, result: String = "done")
    -> AuditRecord
  {
    var record = AuditRecord.sample(name ?? "run\(generation)")
    record.outcome.generation = generation
    record.outcome.earlierGenerations = earlier
    record.result = result
    return record
  }

  private func findings(_ repository: TemporaryRepository, _ audit: AuditRepository, tip: String) async throws
    -> [String]
  {
    try await repository.git("update-ref", AuditRepository.history, tip)
    try await repository.git("reflog", "expire", "--expire=now", "--all")
    return try await audit.verify(journal: [], site: "site").findings.map(\.what)
  }

  @Test func roundsAndRunsThatNeverBeganAreNoGaps() async throws {
    // 4 was claimed by a run that was refused; 7 was killed, and found only after 8.
    let runs = [
      run(3, earlier: [1, 2]), run(5), run(6), run(8), run(7, result: "interrupted"), run(9),
    ]
    let (repository, audit, _) = try await recorded(runs)
    defer { withExtendedLifetime(repository) {} }

    #expect(try await audit.verify(journal: [], site: "site").findings == [])
    let without = try await repository.git("log", "--format=%(trailers:key=Without,valueonly)", "cluster/history")
    #expect(without.split(separator: "\n") == ["7", "4"])
  }

  @Test func aRunThatWasTakenOutLeavesItsNumber() async throws {
    let (repository, audit, commits) = try await recorded((1...4).map { run($0) })
    let third = try await repository.rewrite(commits[2], from: "parent \(commits[1])", to: "parent \(commits[0])")
    let fourth = try await repository.rewrite(commits[3], from: "parent \(commits[2])", to: "parent \(third)")

    let found = try await findings(repository, audit, tip: fourth)

    #expect(found == ["generation 2 of site is not recorded, and was when run run3 was"])
  }

  @Test func runsInAnotherOrderAreFound() async throws {
    let (repository, audit, commits) = try await recorded((1...3).map { run($0) })
    let third = try await repository.rewrite(commits[2], from: "parent \(commits[1])", to: "parent \(commits[0])")
    let second = try await repository.rewrite(commits[1], from: "parent \(commits[0])", to: "parent \(third)")

    let found = try await findings(repository, audit, tip: second)

    #expect(found == ["run run2 has generation 2, and comes after one with 3: out of order"])
  }

  @Test func aNumberThatTwoRunsHaveIsFound() async throws {
    let (repository, audit, _) = try await recorded([run(1), run(2), run(2, name: "run9", result: "interrupted")])
    defer { withExtendedLifetime(repository) {} }

    let found = try await audit.verify(journal: [], site: "site").findings.map(\.what)

    #expect(found == ["run run9 has generation 2, which is that of run run2"])
  }

  @Test func aNumberThatDoesNotFitTheOutcomeIsFound() async throws {
    let (repository, audit, commits) = try await recorded([run(1), run(2)])
    let forged = try await repository.rewrite(commits[1], from: "Generation: 2", to: "Generation: 3")

    let found = try await findings(repository, audit, tip: forged)

    #expect(
      found == [
        "its message says generation [3], and outcome.json [2]",
        "generation 2 of site is not recorded, and was when run run2 was",
      ])
  }

  @Test func eachSiteCountsForItself() async throws {
    var lab = run(1, name: "lab1")
    lab.site = "lab:1"
    let (repository, audit, _) = try await recorded([run(7), lab, run(8)])
    defer { withExtendedLifetime(repository) {} }

    #expect(try await audit.verify(journal: [], site: "site").findings == [])
  }
}
