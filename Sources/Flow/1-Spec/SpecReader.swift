// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Bytes → tree with places → declarations → checks across the file → `Cluster`. Opens no files; reports every problem.
package enum SpecReader {
  /// Larger files are refused unread, so callers need not read more than one byte beyond this.
  package static let byteLimit = 8 << 20

  /// - Parameter file: the name that diagnostics show.
  /// - Parameter keys: the top-level keys that wings read.
  /// - Parameter tables: what is in the tables of nodes that it names, by their paths: see `tables(of:file:)`.
  package static func read(
    _ bytes: [UInt8], file: String, keys: [WingKey], tables: [String: [UInt8]] = [:]
  ) -> SpecReading {
    var problems = Problems(file: file)
    let cluster = cluster(bytes, keys, tables, &problems)
    return SpecReading(cluster: problems.hasErrors ? nil : cluster, diagnostics: problems.sorted)
  }

  /// The paths of the tables of nodes that a description names, beside it.
  package static func tables(of bytes: [UInt8], file: String) -> [String] {
    // Most have none, and need not be read twice.
    guard bytes.count <= byteLimit, bytes.firstRange(of: NodeGroupSection.table.name.utf8) != nil else { return [] }
    var unheard = Problems(file: file)
    return TreeBuilder.values(in: withoutMark(bytes), of: file, &unheard).map(NodeTables.paths) ?? []
  }

  /// The text without a byte order mark.
  private static func withoutMark(_ bytes: [UInt8]) -> [UInt8] {
    bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
  }

  private static func cluster(
    _ bytes: [UInt8], _ keys: [WingKey], _ tables: [String: [UInt8]], _ problems: inout Problems
  ) -> Cluster? {
    guard bytes.count <= byteLimit else {
      problems.error(
        .tooLarge, "The file is larger than \(byteLimit >> 20) MiB.",
        help:
          "A description of 10,000 nodes takes a few kilobytes: `names: node[00001-10000]`. Is this the right file?",
        at: .point(problems.file, 1, 1))
      return nil
    }
    guard let root = TreeBuilder.values(in: withoutMark(bytes), of: problems.file, &problems) else { return nil }
    let (whole, hasNodes) = NodeTables(files: tables).expanded(root, &problems)
    guard let declaration = ClusterSection.form(keys).read(whole, &problems), hasNodes else { return nil }
    let context = CheckContext(declaration, &problems)
    NetworkChecks.run(context, &problems)
    RouterChecks.run(context, &problems)
    ResolverChecks.run(context, &problems)
    MadeInterfaceChecks.run(context, &problems)
    UniquenessChecks.run(context, &problems)
    PlacementChecks.run(context, &problems)
    IPv6Checks.run(context, &problems)
    MachineChecks.run(context, &problems)
    HighAvailabilityChecks.run(context, &problems)
    ImageSecretChecks.run(context, &problems)
    ImageBaseChecks.run(context, &problems)
    RepositoryChecks.run(context, &problems)
    EffectChecks.run(context, &problems)
    DiskChecks.run(context, &problems)
    if problems.hasErrors { return nil }
    var cluster = ClusterExpansion.cluster(context)
    cluster?.tables = tables.keys.sorted()
    return cluster
  }

  /// The JSON schema of the format, for editors.
  package static func schema(_ keys: [WingKey]) -> String {
    guard case .object(let members) = ClusterSection.form(keys).schema else { return "" }
    let head = SchemaValue.members([
      "$schema": .text("http://json-schema.org/draft-07/schema#"), "title": .text("cluster.yaml, version 1"),
    ])
    guard case .object(let first) = head else { return "" }
    return SchemaValue.object(first + members).json() + "\n"
  }
}

/// The result of reading a description: a cluster that passed all checks, or the problems; warnings come with a
/// cluster.
package struct SpecReading: Sendable {
  /// The cluster, or nil when there is any error.
  package var cluster: Cluster?
  /// In the order of the file.
  package var diagnostics: [Diagnostic]

  /// Takes in what was found after reading. An error leaves no cluster.
  package mutating func add(_ problems: [Diagnostic]) {
    diagnostics += problems
    if problems.contains(where: { $0.severity == .error }) { cluster = nil }
  }
}
