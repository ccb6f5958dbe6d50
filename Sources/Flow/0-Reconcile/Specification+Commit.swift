// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Foundation
import SpecReading
import Wings

extension Specification {
  /// Reads the description, and the files it refers to, as a commit holds them. The work tree is not looked at.
  /// - Parameter name: the description's file, relative to the repository's spec folder.
  package static func load(
    _ name: String, at commit: String, in repository: AuditRepository
  ) throws(AuditError) -> Specification {
    guard let file = try repository.files(at: name, in: commit)[name] else {
      throw AuditError(
        .git, "commit \(commit.prefix(12)) has no \(name)",
        next: "Compare with a commit that has the description: git log -- \(name)")
    }
    let reading = SpecReader.read(file.bytes, file: name, keys: WingCatalog.keys)
    var result = Specification(
      bytes: file.bytes, cluster: reading.cluster, files: SiteFiles(), diagnostics: reading.diagnostics)
    guard let cluster = reading.cluster else { return result }
    var missing: [String] = []
    for path in SpecReader.referencedPaths(cluster) {
      let found = try repository.files(at: path, in: commit)
      if found.isEmpty { missing.append(path) }
      for (path, file) in found {
        let content = String(validating: file.bytes, as: UTF8.self).map(Content.text) ?? .bytes(file.bytes)
        result.files.files[path] = SiteFiles.File(contents: content, executable: file.isExecutable)
      }
    }
    let problems = SpecReader.missingFiles(missing, cluster) + WingCatalog.problems(of: cluster)
    result.diagnostics += problems
    if problems.contains(where: { $0.severity == .error }) { result.cluster = nil }
    return result
  }
}
