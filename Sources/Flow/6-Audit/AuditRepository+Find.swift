// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git

extension AuditRepository {
  /// The run that a person means: `last`, `last~2`, a run's name or the beginning of it, or of its commit.
  package func find(_ words: String, site: String?) throws(AuditError) -> RunRecord {
    let runs = try log(site: site)
    guard !runs.isEmpty else {
      throw AuditError(.noSuchRun, "no run is recorded yet", next: "Start a run: cluster apply")
    }
    if words == "last" || words.hasPrefix("last~") {
      let back = words == "last" ? 0 : Int(words.dropFirst(5))
      guard let back, runs.indices.contains(back) else {
        throw AuditError(
          .noSuchRun, "there is no \(words): \(runs.count) runs are recorded", next: "List them: cluster log")
      }
      return runs[back]
    }
    if let exact = runs.first(where: { $0.id == words || $0.commit == words }) { return exact }
    let matching = runs.filter {
      $0.id.hasPrefix(words) || ($0.commit.hasPrefix(words) && words.utf8.count >= 4)
        || ($0.id.hasSuffix(words) && words.utf8.count >= 4)
    }
    guard let only = matching.first else {
      throw AuditError(.noSuchRun, "no run is called \(words)", next: "List them: cluster log --limit 1000")
    }
    guard matching.count == 1 else {
      let names = matching.prefix(5).map(\.id).joined(separator: ", ")
      throw AuditError(
        .noSuchRun, "\(matching.count) runs are called \(words)", cause: names,
        next: "Give more characters of the name.")
    }
    return only
  }

  /// The run of the same site before this one. Nil for the first.
  package func before(_ run: RunRecord) throws(AuditError) -> RunRecord? {
    let runs = try log(site: run.site)
    guard let index = runs.firstIndex(where: { $0.id == run.id }) else { return nil }
    return runs.dropFirst(index + 1).first
  }

  /// The steps that were done, and when.
  package func outcome(of run: RunRecord) throws(AuditError) -> RunOutcome {
    let problem: any Error
    do {
      guard let json = try file("outcome.json", in: run) else { throw CocoaError(.fileNoSuchFile) }
      return try JSONDecoder().decode(RunOutcome.self, from: Data(json))
    } catch { problem = error }
    throw AuditError(
      .damaged, "outcome.json of run \(run.id) cannot be read", cause: "\(problem)",
      next: "Inspect it: git show \(run.commit.prefix(12)):outcome.json")
  }

  /// A text of a run's commit. Empty when it has none of that name.
  package func text(_ path: String, in run: RunRecord) throws(AuditError) -> String {
    try file(path, in: run).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}

/// The differences between two runs: the description, what is managed, and what was seen on the machines.
package struct RecordDifference: Codable, Sendable {
  package struct File: Codable, Sendable {
    /// `spec/cluster.yaml`, `managed/head1/file.json`, `observed/head1/files.txt`. A long list counts as one file.
    package var path: String
    package var added: Int
    package var removed: Int
    /// A unified diff without the names of the files.
    package var lines: [String]
  }

  package var from: RunRecord
  package var to: RunRecord
  package var files: [File]
}

extension AuditRepository {
  /// The folders that are compared. Plans and outcomes belong to one run only, so they are not.
  private static let compared = ["spec/", ManagedLines.folder, ObservedList.folder]

  package func difference(from: RunRecord, to: RunRecord) throws(AuditError) -> RecordDifference {
    try audited {
      let repository = try GitRepository(containing: folder)
      var reader = RecordedLists(repository)
      let (old, new) = (try Self.lists(from, &reader, repository), try Self.lists(to, &reader, repository))
      var files: [RecordDifference.File] = []
      for path in Set(old.keys).union(new.keys).sorted() where old[path] != new[path] {
        guard Self.compared.contains(where: path.hasPrefix) else { continue }
        let lines = UnifiedDiff.lines(
          old: String(decoding: try reader.text(path, old[path] ?? []), as: UTF8.self),
          new: String(decoding: try reader.text(path, new[path] ?? []), as: UTF8.self))
        if lines.isEmpty { continue }
        files.append(
          .init(
            path: path, added: lines.count { $0.hasPrefix("+") }, removed: lines.count { $0.hasPrefix("-") },
            lines: lines))
      }
      return RecordDifference(from: from, to: to, files: files)
    }
  }

  private static func lists(
    _ run: RunRecord, _ reader: inout RecordedLists, _ repository: GitRepository
  ) throws(GitError) -> [String: [GitID]] {
    guard let id = GitID(run.commit) else { return [:] }
    return try reader.lists(repository.commit(id).tree)
  }
}
