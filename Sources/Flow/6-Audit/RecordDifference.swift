// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What differs between two runs: the description, what is managed, and what was seen on the machines.
package struct RecordDifference: Codable, Sendable {
  package struct File: Codable, Sendable {
    /// `spec/cluster.yaml`, `managed.json`, `observed/head1/files.txt`.
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
  private static let compared = ["spec/", "managed.json", "observed/"]

  package func difference(from: RunRecord, to: RunRecord) throws(AuditError) -> RecordDifference {
    let repository = try GitRepository(containing: folder)
    let (old, new) = (try Self.files(from, repository), try Self.files(to, repository))
    var files: [RecordDifference.File] = []
    for path in Set(old.keys).union(new.keys).sorted() where old[path] != new[path] {
      guard Self.compared.contains(where: path.hasPrefix) else { continue }
      let (before, after) = (try Self.text(old[path], repository), try Self.text(new[path], repository))
      let lines = UnifiedDiff.lines(old: before, new: after)
      files.append(
        .init(
          path: path, added: lines.count { $0.hasPrefix("+") }, removed: lines.count { $0.hasPrefix("-") },
          lines: lines))
    }
    return RecordDifference(from: from, to: to, files: files)
  }

  private static func files(_ run: RunRecord, _ repository: GitRepository) throws(AuditError) -> [String: GitID] {
    guard let id = GitID(run.commit) else { return [:] }
    return try repository.files(repository.commit(id).tree)
  }

  private static func text(_ id: GitID?, _ repository: GitRepository) throws(AuditError) -> String {
    guard let id else { return "" }
    return String(decoding: try repository.blob(id), as: UTF8.self)
  }
}
