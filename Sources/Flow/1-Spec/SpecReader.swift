// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// What reading a description gave: a cluster that passed all checks, or the problems; warnings come with a cluster.
package struct SpecReading: Sendable {
  /// Nil when there is any error.
  package var cluster: Cluster?
  /// In the order of the file.
  package var diagnostics: [Diagnostic]
}

/// Bytes → text → tree → shape → values → checks. Opens no files; every problem is reported, not the first.
package enum SpecReader {
  /// Callers need not read more than one byte beyond this.
  package static let byteLimit = YAMLText.byteLimit
  /// More problems than this are counted, not shown.
  private static let mostProblems = 100

  /// - Parameter file: the name that diagnostics show.
  package static func read(_ bytes: [UInt8], file: String) -> SpecReading {
    let textProblems = YAMLText(bytes: bytes, file: file).problems()
    guard textProblems.isEmpty else { return SpecReading(cluster: nil, diagnostics: sorted(textProblems)) }
    let (node, treeProblems) = YAMLParser.parse(bytes, file: file)
    guard let node else { return SpecReading(cluster: nil, diagnostics: sorted(treeProblems)) }
    var problems = treeProblems + ShapeCheck.problems(node, ClusterShape.root)
    var builder = ClusterBuilder(file: file)
    let cluster = builder.cluster(node)
    problems += builder.problems
    problems += SpecChecks.problems(cluster)
    let isValid = !problems.contains { $0.severity == .error }
    return SpecReading(cluster: isValid ? cluster : nil, diagnostics: sorted(problems))
  }

  /// The files and folders beside the description that have to be loaded with it.
  package static func referencedPaths(_ cluster: Cluster) -> [String] {
    var seen: Set<String> = []
    return cluster.images.flatMap { ($0.files.map { [$0] } ?? []) + $0.run }.filter { seen.insert($0).inserted }
  }

  /// What to say about those of them that are not there.
  package static func missingFiles(_ paths: [String], _ cluster: Cluster) -> [Diagnostic] {
    cluster.images.flatMap { image in
      ((image.files.map { [$0] } ?? []) + image.run).filter { paths.contains($0) }.map { path in
        Diagnostic(
          .missingFile, "Image `\(image.name)` uses `\(path)`, which is not there, or is empty.",
          help: "Make it beside the description, or take it out.", at: image.source)
      }
    }
  }

  private static func sorted(_ problems: [Diagnostic]) -> [Diagnostic] {
    let sorted = problems.enumerated().sorted { a, b in
      (a.element.span.line, a.element.span.column, a.offset) < (b.element.span.line, b.element.span.column, b.offset)
    }.map(\.element)
    guard sorted.count > mostProblems, let last = sorted.last else { return sorted }
    let more = Diagnostic(
      .tooManyProblems, "\(sorted.count - mostProblems) more problems are not shown.",
      help: "Mend the ones above; many go away together.", at: last.span)
    return sorted.prefix(mostProblems) + [more]
  }
}
