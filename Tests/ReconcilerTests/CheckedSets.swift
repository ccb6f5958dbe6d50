// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Foundation
import SpecReading
import Testing

@testable import Reconciler

/// Sets with checks, over the repository's own description: two heads and four nodes.
struct CheckedSets {
  var cluster: Cluster
  var problems: [String]

  /// - Parameter files: texts below `packages/`; a set without `set.yaml` gets a short one.
  init(_ files: [String: String]) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
    cluster = try #require(try Specification.load(root.appending(path: "cluster.yaml")).cluster)
    var found: [String: SiteFiles.File] = [:]
    var names: [String] = []
    for (path, text) in files {
      let name = String(path.prefix { $0 != "/" })
      if !names.contains(name) { names.append(name) }
      found["packages/\(path)"] = SiteFiles.File(contents: .text(text), executable: false)
    }
    for name in names where found["packages/\(name)/set.yaml"] == nil {
      let text = "summary: A set.\nsettings: { port: { type: number, default: 80, doc: A port. } }\n"
      found["packages/\(name)/set.yaml"] = SiteFiles.File(contents: .text(text), executable: false)
    }
    cluster.setRequests = names.sorted().map {
      SetRequest(
        name: $0, given: [], source: SourceSpan(file: "cluster.yaml", line: 1, column: 1, endLine: 1, endColumn: 2))
    }
    let (sets, diagnostics) = SpecReader.sets(cluster, SiteFiles(files: found))
    cluster.adopt(sets)
    problems = diagnostics.map { "\($0.code.id) \($0.span.file):\($0.span.line):\($0.span.column): \($0.detail)" }
  }

  /// One check for each line: `local: each node, root; needs x y`.
  init(table: String) throws {
    var files: [String: String] = [:]
    for line in table.split(separator: "\n") {
      let halves = line.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
      let (name, rest) = (halves[0].prefix { $0 != ":" }, halves[0].drop { $0 != ":" }.dropFirst())
      let needs = halves.count > 1 ? halves[1].split(separator: " ").dropFirst().joined(separator: ", ") : ""
      let parts = rest.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      files["a/tests/\(name).yaml"] = """
        summary: It works.
        run: [probe, "{{ machine.name }}"]
        on: \(parts[0])
        as: \(parts.count > 1 ? parts[1] : "root")
        needs: [\(needs)]
        kind: \(parts.count > 2 ? parts[2] : "cluster")

        """
    }
    try self.init(files)
  }
}
