// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Git

/// What differs between two runs: the description, what is managed, and what was seen on the machines.
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
  /// What plans and outcomes say is of one run only, so it is not compared.
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
