// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git

/// Which runs made one resource or node what it is.
package struct Blame: Codable, Sendable {
  /// As plans name it: `file@head1:/etc/hosts`; a node by its name.
  package var resource: String
  /// Whether the newest run of the site still lists it as managed.
  package var isManaged: Bool
  /// The run since which it has been managed without a gap.
  package var introduced: RunRecord
  /// The newest run that wanted something else of it than the run before. The first one, when none did.
  package var changed: RunRecord
  /// `cluster.yaml:12`, as the plan of that run names it. Nil when that run had no step for it.
  package var source: String?
  /// The run after which it was no longer listed. Nil while it is managed.
  package var removed: RunRecord?
  /// The facts seen of it on its host, and since which run.
  package var observed: [Observed]

  package struct Observed: Codable, Sendable {
    package var file: String
    package var fact: String
    package var since: RunRecord
  }
}

extension AuditRepository {
  /// - Parameter words: a resource as plans show it, `file@head[1-2]:/etc/*`, or machines, `node[01-20]`. A `*` stands
  ///   for anything.
  /// - Returns: one for each that it names, of those that are managed now; if there is none, of those that were.
  package func blame(_ words: String, site: String) throws(AuditError) -> [Blame] {
    let runs = try log(site: site)
    guard let newest = runs.first else {
      throw AuditError(.noSuchRun, "no run is recorded yet", next: "Start a run: cluster apply")
    }
    guard let wanted = BlameSelector(words) else {
      throw AuditError(
        .noSuchResource, "\(words) names neither resources nor machines",
        next: "Write file@head1:/etc/hosts or node[01-20]; * matches any text.")
    }
    return try audited {
      var reader = BlameReader(audit: self, repository: try GitRepository(containing: folder), runs: runs)
      let managed = try reader.lists.names(in: newest)
      var names = managed.filter(wanted.matches)
      var run = runs.dropFirst()[...]
      while names.isEmpty, let earlier = run.popFirst() {
        names = try reader.lists.names(in: earlier).filter(wanted.matches)
      }
      guard !names.isEmpty else {
        throw AuditError(
          .noSuchResource, "no run of this site has managed \(words)", next: Self.suggestion(words, managed))
      }
      return try names.sorted().compactMap { try reader.blame($0) }
    }
  }

  private static func suggestion(_ words: String, _ names: [String]) -> String {
    let parts = words.split { ":@/*[],".contains($0) }.map { $0.lowercased() }
    let near = names.map { name in (name, parts.count { name.lowercased().contains($0) }) }
      .filter { $0.1 > 0 }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(5).map(\.0)
    return near.isEmpty
      ? "Resources are named as plans show them; all that are managed: cluster blame '*:*'"
      : "Did you mean \(near.joined(separator: ", "))?"
  }
}

/// The question: resources by their names, or all that is on some machines.
private struct BlameSelector {
  private let exact: Set<String>
  private let patterns: [String]
  private let isResource: Bool

  init?(_ words: String) {
    isResource = words.contains(":")
    // Only what comes before the colon is a hostlist: names of files may have brackets.
    let end = words.firstIndex(of: ":") ?? words.endIndex
    guard let heads = HostlistText.expand(String(words[..<end])) else { return nil }
    let all = heads.map { $0 + words[end...] }
    exact = Set(all.filter { !$0.contains("*") })
    patterns = all.filter { $0.contains("*") }
  }

  func matches(_ name: String) -> Bool {
    if isResource { return holds(name) }
    // A node's name has no colon; a resource belongs to the machine that it is on.
    guard let colon = name.firstIndex(of: ":") else { return holds(name) }
    return name[..<colon].split(separator: "@").dropFirst().first.map { holds(String($0)) } ?? false
  }

  private func holds(_ text: String) -> Bool {
    exact.contains(text) || patterns.contains { Glob.matches(text, $0) }
  }
}
