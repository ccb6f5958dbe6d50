// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

@testable import Auditing

/// A git repository in a temporary folder, made and looked at with git itself.
final class TemporaryRepository: Sendable {
  let folder: URL
  var path: String { folder.path }

  init(_ initialise: [String] = ["init", "-q"]) async throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "audit-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try await git(initialise + [path])
  }

  /// One that is somewhere already.
  init(at folder: URL) { self.folder = folder }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// With a committed spec, and with nobody's own configuration in the way.
  static func withSpec() async throws -> TemporaryRepository {
    let repository = try await TemporaryRepository()
    try await repository.git("config", "user.name", "Ada")
    try await repository.git("config", "user.email", "ada@example.org")
    try await repository.git("config", "commit.gpgsign", "false")
    try repository.write("cluster.yaml", "version: 1\n")
    try await repository.git("add", "-A")
    try await repository.git("commit", "-qm", "A spec")
    return repository
  }

  func write(_ file: String, _ text: String) throws {
    let url = folder.appending(path: file)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Their paths.
  func packs() throws -> [String] {
    let packs = path + "/.git/objects/pack"
    return try FileManager.default.contentsOfDirectory(atPath: packs).filter { $0.hasSuffix(".pack") }.map {
      "\(packs)/\($0)"
    }
  }

  @discardableResult func git(_ arguments: String...) async throws -> String { try await git(arguments) }

  @discardableResult func git(_ arguments: [String]) async throws -> String {
    let result = try await Command.checked("git", ["-C", path] + arguments, next: "Read what git says.")
    return result.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// What only lists: nothing is asked or done.
protocol ListedKind: ResourceKind where Actual == Int {}
extension ListedKind {
  static var removalRank: Int { 1 }
  static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] { [] }
  static func interpret(_ id: ResourceID, _ desired: Desired, _ answers: Answers) throws(Unreadable) -> Int? { nil }
  static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Int?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] { [] }
  static func removal(_ id: ResourceID, _ previous: Desired, _ actual: Int, _ context: PlanContext) -> [StepDraft] {
    []
  }
}

/// A kind whose desired state is one number.
enum NumberKind: ListedKind {
  struct Desired: DesiredState { var number: Int }

  static let name = "number"
}

extension AuditRecord {
  /// Its generation is the number in the run's name.
  static func sample(_ run: String, site: String = "site", spec: SpecState = SpecState(commit: nil, dirty: []))
    -> AuditRecord
  {
    let failure = AgentError(.diskFull, "no space", cause: "write: ENOSPC", next: "Make room.")
    let steps = [
      StepReport(
        step: StepID("file@head1:/a/write"), host: "head1", result: .done(Outcome(changed: true, detail: "written")),
        startedAt: 1, seconds: 0.25, attempts: 1),
      StepReport(
        step: StepID("file@head1:/b/write"), host: "head1", result: .failed(failure), startedAt: 1, seconds: 61.04,
        attempts: 1),
    ]
    return AuditRecord(
      site: site, spec: spec, specification: ["cluster.yaml": RecordedFile(Array("version: 1\n".utf8))],
      planJSON: "{}\n",
      planText: "2 steps\n",
      outcome: RunOutcome(
        run: run, generation: Int(run.filter(\.isNumber).suffix(9)) ?? 1, holder: "ada@desk pid 7", result: .partial,
        startedAt: 1_700_000_000,
        finishedAt: 1_700_000_100, steps: steps),
      result: "partial",
      managed: [ManagedResource(id: ResourceID("number", on: "head1", run), desired: NumberKind.Desired(number: 42))],
      observed: ["head1/units.txt": "dnsmasq.service active\n"], by: "ada@desk", tool: "cluster 0.1",
      subject: "partial: 1 of 2 steps")
  }
}
