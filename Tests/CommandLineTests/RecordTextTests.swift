// SPDX-License-Identifier: Apache-2.0
import Auditing
import Foundation
import TestKit
import Testing

@testable import cluster

/// What the commands that read the record print, for people and for programs.
@Suite struct RecordTextTests {
  private func expect(_ name: String, _ value: some Encodable, text: String) throws {
    expectGolden(text + "\n", at: "cases/record/\(name).txt")
    expectGolden(try Terminal.json(value) + "\n", at: "cases/record/\(name).json")
  }

  @Test func log() async throws {
    let history = try await RecordedHistory()
    let runs = try history.audit.log(site: "site")

    defer { withExtendedLifetime(history) {} }
    try expect("log", runs, text: LogCommand.text(runs))
    #expect(LogCommand.text([]) == "No runs are recorded yet.")
  }

  @Test(arguments: ["last", "last~1", "last~2"])
  func show(_ words: String) async throws {
    let history = try await RecordedHistory()

    let shown = try ShownRun(try history.audit.find(words, site: "site"), in: history.audit)

    try expect("show-\(words)", shown, text: shown.text)
  }

  @Test func diff() async throws {
    let history = try await RecordedHistory()
    let (from, to) = (try history.audit.find("last~2", site: "site"), try history.audit.find("last", site: "site"))

    let difference = try history.audit.difference(from: from, to: to)

    try expect("diff", difference, text: DiffCommand.text(difference, stat: false))
    expectGolden(DiffCommand.text(difference, stat: true) + "\n", at: "cases/record/diff-stat.txt")
    let same = try history.audit.difference(from: to, to: to)
    #expect(DiffCommand.text(same, stat: false).hasSuffix("nothing differs"))
  }

  @Test(arguments: [("file", "file@head[1-2]:/etc/*"), ("nodes", "n[001-003]")])
  func blame(_ name: String, _ words: String) async throws {
    let history = try await RecordedHistory()
    let blames = try history.audit.blame(words, site: "site")

    defer { withExtendedLifetime(history) {} }
    try expect("blame-\(name)", blames, text: BlameText(blames).text)
  }

  @Test func verify() async throws {
    let history = try await RecordedHistory()
    let good = try await history.audit.verify(journal: [], site: "site")
    try expect("verify", good, text: VerifyCommand.text(good))

    try await history.git("update-ref", AuditRepository.history, "\(AuditRepository.history)~1")
    let journal = [EndedRun(id: "20261122-093000-cccccc", result: "done")]
    let bad = try await history.audit.verify(journal: journal, site: "site")
    try expect("verify-set-back", bad, text: VerifyCommand.text(bad))
  }

  /// What `log` and `show` are made of, as git itself shows it to whoever has no `cluster`.
  @Test func whatGitShows() async throws {
    let history = try await RecordedHistory()

    let text = try await history.git("log", "-p", "--format=%h %an, %cI%n%n%B", "--date=iso", "cluster/history")

    expectGolden(text + "\n", at: "cases/record/git-log-p.txt")
  }

  @Test func rollback() async throws {
    let history = try await RecordedHistory()
    let run = try history.audit.runBeforeTheLastSuccess(site: "site")

    let said = [
      RollbackCommand.text(run), RollbackCommand.text(committed: run.commit), RollbackCommand.text(committed: nil),
    ]

    expectGolden(said.joined(separator: "\n") + "\n", at: "cases/record/rollback.txt")
  }
}
