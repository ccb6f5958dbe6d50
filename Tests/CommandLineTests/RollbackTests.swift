// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Foundation
import HostAccess
import TestKit
import Testing

@testable import cluster

/// Going back, by the real program in a real repository, on a network where no host answers.
@Suite(.timeLimit(.minutes(5))) struct RollbackTests {
  private final class Place {
    let site: SimulatedSite
    private let path: String
    var folder: String { site.folder.path }
    var audit: AuditRepository { get throws { try AuditRepository(folder: folder) } }

    init() async throws {
      site = try SimulatedSite()
      // ssh(1) says so where nothing answers: at once here, and not after its minute.
      let ssh = site.folder.appending(path: "state/bin/ssh")
      let files = FileManager.default
      try files.createDirectory(at: ssh.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("#!/bin/sh\necho 'ssh: connect to host: Connection refused' >&2\nexit 255\n".utf8).write(to: ssh)
      try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: ssh.path)
      path = ssh.deletingLastPathComponent().path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
      try await git("init", "-q")
      for (name, value) in [("user.name", "Ada"), ("user.email", "ada@example.org"), ("commit.gpgsign", "false")] {
        try await git("config", name, value)
      }
      try await commit("The example")
    }

    @discardableResult func git(_ words: String...) async throws -> String {
      try await Command.checked("git", ["-C", folder] + words, next: "Read what git says.").text
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func commit(_ message: String) async throws {
      try Data("state\n".utf8).write(to: site.folder.appending(path: ".git/info/exclude"))
      try await git("add", "-A")
      try await git("commit", "-qm", message)
    }

    /// A run that converged, made from the description as it is now.
    func record(_ run: String, generation: Int) async throws {
      var files: [String: RecordedFile] = [:]
      for path in try await git("ls-files").split(separator: "\n").map(String.init) {
        let location = site.folder.appending(path: path)
        files[path] = RecordedFile(
          Array(try Data(contentsOf: location)),
          FileManager.default.isExecutableFile(atPath: location.path) ? .program : .file)
      }
      let id = try SiteOptions.parse(["--file", site.specification]).site().id
      let outcome = RunOutcome(
        run: run, generation: generation, holder: "ada@desk pid 7", result: .done, startedAt: 1_795_255_000,
        finishedAt: 1_795_255_000 + generation, steps: [])
      _ = try await audit.record(
        AuditRecord(
          site: id, spec: SpecState(commit: nil, dirty: []), specification: files,
          planJSON: "{}", planText: "", outcome: outcome, result: "converged", managed: [], observed: [:],
          by: "ada@desk", tool: "cluster 0.1", subject: "apply: converged"))
    }

    func rollback(_ words: String...) async throws -> CommandResult {
      try await Command.run(
        site.program, ["rollback", "--file", site.specification] + words,
        environment: ["PATH": path, "NO_COLOR": "1"], deadline: .seconds(120))
    }

    var description: String { get throws { try String(contentsOfFile: site.specification, encoding: .utf8) } }
  }

  /// The description says `every: 5s` now; run1 was made when it said 3s.
  private func changed() async throws -> Place {
    let place = try await Place()
    try await place.record("20261121-100000-aaaaaa", generation: 1)
    try place.site.edit("every: 3s", "every: 5s")
    try await place.commit("Look less often")
    try await place.record("20261122-100000-bbbbbb", generation: 2)
    return place
  }

  @Test func withoutAnEarlierDescriptionThereIsNothingToGoBackTo() async throws {
    let place = try await Place()

    let none = try await place.rollback("--yes")
    #expect(none.status == ExitStatus.error.rawValue)
    #expect(none.errorText.contains("no earlier run was made from another description"))

    try await place.record("20261121-100000-aaaaaa", generation: 1)
    let unknown = try await place.rollback("--yes", "cccccc")
    #expect(unknown.status == ExitStatus.error.rawValue)
    #expect(unknown.errorText.contains("no run is called cccccc"))
  }

  @Test func whatIsNotCommittedIsNotLost() async throws {
    let place = try await changed()
    try place.site.edit("every: 5s", "every: 7s")
    let head = try await place.git("rev-parse", "HEAD")

    let result = try await place.rollback("--yes")

    #expect(result.status == ExitStatus.error.rawValue)
    #expect(result.errorText.contains("cluster.yaml has changes that are not committed"))
    #expect(try place.description.contains("every: 7s"))
    #expect(try await place.git("rev-parse", "HEAD") == head)
  }

  @Test func aPlanOfItChangesNothing() async throws {
    let place = try await changed()
    let head = try await place.git("rev-parse", "HEAD")

    let text = try await place.rollback("--plan-only")
    let json = try await place.rollback("--plan-only", "-o", "json")

    for result in [text, json] {
      #expect(result.status == 0, "\(result.errorText)")
      #expect(result.errorText.contains("Back to the description of run 20261121-100000-aaaaaa"))
    }
    #expect(text.text.contains("head1"))
    let document = try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: Any]
    #expect(document?["steps"] != nil, "\(json.text.prefix(300))")
    #expect(try place.description.contains("every: 5s"))
    #expect(try await place.git("rev-parse", "HEAD") == head)
    #expect(try await place.git("status", "--porcelain").isEmpty)
    let misplaced = try await place.rollback("--yes", "-o", "json")
    #expect(misplaced.status == ExitStatus.usage.rawValue)
    #expect(misplaced.errorText.contains("--plan-only"))
  }

  @Test func theDescriptionIsCommittedAndThenApplied() async throws {
    let place = try await changed()

    let result = try await place.rollback("--yes")

    // No host answers, so what follows the commit cannot be done, and the program says so.
    #expect(result.status != 0)
    #expect(result.status != ExitStatus.usage.rawValue, "\(result.errorText)")
    #expect(result.errorText.contains("head1"), "\(result.errorText)")
    #expect(try place.description.contains("every: 3s"))
    #expect(
      try await place.git("log", "-1", "--format=%s%n%(trailers:key=Rolls-back-to)").contains("20261121-100000-aaaaaa"))
    #expect(try await place.git("status", "--porcelain", "--untracked-files=no").isEmpty)
    #expect(result.errorText.contains("git revert"))
  }
}
