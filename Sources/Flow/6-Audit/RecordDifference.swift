// SPDX-License-Identifier: Apache-2.0
import ClusterModel

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
    let repository = try GitRepository(containing: folder)
    var reader = RecordedLists(repository)
    var (old, new) = (try Self.lists(from, &reader, repository), try Self.lists(to, &reader, repository))
    var texts: (old: [String: [UInt8]], new: [String: [UInt8]]) = ([:], [:])
    // Only when they differ: what an earlier version has kept in one file is told apart.
    if old[ManagedLines.oldFile] != new[ManagedLines.oldFile] {
      for id in old.removeValue(forKey: ManagedLines.oldFile) ?? [] { texts.old = try reader.lists(ofOld: id) }
      for id in new.removeValue(forKey: ManagedLines.oldFile) ?? [] { texts.new = try reader.lists(ofOld: id) }
    }
    let paths = Set(old.keys).union(new.keys).union(texts.old.keys).union(texts.new.keys)
    var files: [RecordDifference.File] = []
    for path in paths.sorted() where old[path] == nil || old[path] != new[path] {
      guard Self.compared.contains(where: path.hasPrefix) else { continue }
      let before = if let text = texts.old[path] { text } else { try reader.text(path, old[path] ?? []) }
      let after = if let text = texts.new[path] { text } else { try reader.text(path, new[path] ?? []) }
      if before == after { continue }
      let lines = UnifiedDiff.lines(
        old: String(decoding: before, as: UTF8.self), new: String(decoding: after, as: UTF8.self))
      files.append(
        .init(
          path: path, added: lines.count { $0.hasPrefix("+") }, removed: lines.count { $0.hasPrefix("-") },
          lines: lines))
    }
    return RecordDifference(from: from, to: to, files: files)
  }

  private static func lists(
    _ run: RunRecord, _ reader: inout RecordedLists, _ repository: GitRepository
  ) throws(AuditError) -> [String: [GitID]] {
    guard let id = GitID(run.commit) else { return [:] }
    return try reader.lists(repository.commit(id).tree)
  }
}
