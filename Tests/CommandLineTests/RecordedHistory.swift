// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Foundation
import HostAccess

/// Three runs of a small site in a real repository, the same to the byte each time: so are the commits' names.
final class RecordedHistory {
  let folder: URL
  let audit: AuditRepository

  init() async throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "history-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    _ = try await Command.checked("git", ["init", "-q", folder.path], next: "Read what git says.")
    audit = try AuditRepository(folder: folder.path)
    let settings = [("user.name", "Ada"), ("user.email", "ada@example.org"), ("commit.gpgsign", "false")]
    for (name, value) in settings { try await git("config", name, value) }
    for record in [Self.first, Self.second, Self.third] { _ = try await audit.record(record) }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  @discardableResult func git(_ words: String...) async throws -> String {
    try await Command.checked("git", ["-C", folder.path] + words, next: "Read what git says.").text
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  struct Contents: DesiredState { var contents: String }

  private static let commit = "3f9c2a1d0b7e4c5a8f6e9d0c1b2a39485766f5e4"

  static let first = record(
    "20261121-100000-aaaaaa", generation: 1, at: 1_795_255_200, result: "converged", spec: "every: 3s\n",
    steps: [
      step("file@head1:/etc/hosts/write", .done(Outcome(changed: true, detail: "written"))),
      step("file@head2:/etc/hosts/write", .done(Outcome(changed: true, detail: "written"))),
    ], hosts: "a", nodes: ["compute/1", "compute/1", "compute/1"])

  static let second = record(
    "20261122-090000-bbbbbb", generation: 2, at: 1_795_338_000, result: "partial", spec: "every: 5s\n",
    steps: [
      step("file@head1:/etc/hosts/write", .done(Outcome(changed: true, detail: "written"))),
      step(
        "file@head2:/etc/hosts/write",
        .failed(AgentError(.diskFull, "no space", cause: "write: ENOSPC", next: "Make room."))),
    ], hosts: "b", nodes: ["compute/1", "compute/2", "compute/2"])

  static let third = record(
    "20261122-093000-cccccc", generation: 4, at: 1_795_339_800, result: "converged", spec: "every: 5s\n",
    steps: [step("file@head2:/etc/hosts/write", .done(Outcome(changed: true, detail: "written")))], hosts: "b",
    nodes: ["compute/2", "compute/2", "compute/2"], by: "bob@laptop")

  private static func step(_ id: String, _ result: StepReport.Result) -> StepReport {
    StepReport(
      step: StepID(id), host: id.contains("head1") ? "head1" : "head2", result: result, startedAt: 1_795_255_000,
      seconds: 0.25, attempts: 1)
  }

  private static func record(
    _ run: String, generation: Int, at: Int, result: String, spec: String, steps: [StepReport], hosts: String,
    nodes: [String], by: String = "ada@desk"
  ) -> AuditRecord {
    let names = ["n001", "n002", "n003"]
    let managed = (["head1", "head2"] as [HostID]).map { head in
      ManagedResource(id: ResourceID("file", on: head, "/etc/hosts"), desired: Contents(contents: hosts))
    }
    let failed = result == "partial"
    let listed = steps.map { step in
      let resource = step.step.text.dropLast("/write".count)
      return #"{"resource": "\#(resource)", "source": {"file": "cluster.yaml", "line": \#(generation + 10)}}"#
    }
    return AuditRecord(
      site: "site", spec: SpecState(commit: commit, dirty: failed ? ["cluster.yaml"] : []),
      specification: ["cluster.yaml": RecordedFile(Array(spec.utf8))],
      planJSON: "{\"steps\": [\(listed.joined(separator: ", "))]}",
      planText: "\(steps.count) steps (1 on each head).\n\nhead1\n  + write /etc/hosts\n",
      outcome: RunOutcome(
        run: run, generation: generation, holder: "\(by) pid 7", result: failed ? .partial : .done, startedAt: at - 75,
        finishedAt: at, steps: steps),
      result: result,
      managed: managed + [ManagedResource(id: ResourceID("nodes", "all"), desired: Nodes(names, nodes))],
      observed: [
        "head1/files.txt": "/etc/hosts \(hosts) 644 root:root\n",
        "head2/files.txt": "/etc/hosts \(failed ? "a" : hosts) 644 root:root\n",
        "head1/nodes.txt": zip(names, nodes).map { "\($0) ready \($1) verified\n" }.joined(),
      ], by: by, tool: "cluster 0.1", subject: "apply: \(result), \(steps.count) changed")
  }
}

private struct Nodes: DesiredState {
  struct Row: Hashable, Codable, Sendable {
    var name: String
    var image: String
  }

  var nodes: [Row]

  init(_ names: [String], _ images: [String]) { nodes = zip(names, images).map { Row(name: $0, image: $1) } }
}
