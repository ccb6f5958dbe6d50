// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation

/// Which runs made one resource what it is.
package struct Blame: Codable, Sendable {
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
  /// What was seen of it on its host, and since which run.
  package var observed: [Observed]

  package struct Observed: Codable, Sendable {
    package var file: String
    package var fact: String
    package var since: RunRecord
  }
}

extension AuditRepository {
  /// - Parameter name: as plans show it: `file@head1:/etc/hosts`.
  package func blame(_ name: String, site: String) throws(AuditError) -> Blame {
    let repository = try GitRepository(containing: folder)
    let runs = try log(site: site)
    var reader = ManagedLines(repository)
    var lines: [(run: RunRecord, line: String?)] = []
    for run in runs { lines.append((run, try reader.line(of: name, in: run))) }
    guard let newest = lines.firstIndex(where: { $0.line != nil }) else {
      throw AuditError(
        .noSuchResource, "no run of this site has managed \(name)", cause: nil,
        next: try Self.suggestion(name, reader, runs))
    }
    let end = lines[newest...].firstIndex { $0.line == nil } ?? lines.endIndex
    let changed = lines[newest..<end].firstIndex { $0.line != lines[newest].line } ?? end
    return Blame(
      resource: name, isManaged: newest == 0, introduced: lines[end - 1].run, changed: lines[changed - 1].run,
      source: try source(of: name, in: lines[changed - 1].run), removed: newest == 0 ? nil : lines[newest - 1].run,
      observed: try observed(name, runs, repository))
  }

  private static func suggestion(
    _ name: String, _ reader: ManagedLines, _ runs: [RunRecord]
  ) throws(AuditError) -> String {
    guard let newest = runs.first else { return "Make a run: cluster apply" }
    var reader = reader
    let words = name.split { ":@/".contains($0) }.map { $0.lowercased() }
    let near = try reader.names(in: newest).map { name in
      (name, words.count { name.lowercased().contains($0) })
    }.filter { $0.1 > 0 }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(5).map(\.0)
    return near.isEmpty
      ? "Resources are named as plans show them; all that are managed: cluster show last -o json"
      : "Did you mean \(near.joined(separator: ", "))?"
  }

  private func source(of name: String, in run: RunRecord) throws(AuditError) -> String? {
    struct Document: Decodable {
      struct Step: Decodable {
        struct Source: Decodable {
          var file: String
          var line: Int
        }
        var resource: String
        var source: Source?
      }
      var steps: [Step]
    }
    // A plan of another version may look different: then the place is not known, and the run says the rest.
    guard let json = try file("plan.json", in: run),
      let plan = try? JSONDecoder().decode(Document.self, from: Data(json))
    else { return nil }
    let source = plan.steps.first { $0.resource == name }?.source
    return source.map { "\($0.file):\($0.line)" }
  }

  /// Lines of the host's files that begin with the resource's name.
  private func observed(
    _ name: String, _ runs: [RunRecord], _ repository: GitRepository
  ) throws(AuditError) -> [Blame.Observed] {
    guard let at = name.firstIndex(of: "@"), let colon = name[at...].firstIndex(of: ":"), let newest = runs.first else {
      return []
    }
    let folder = "observed/\(name[name.index(after: at)..<colon])/"
    let thing = String(name[name.index(after: colon)...])
    var facts: [Blame.Observed] = []
    var texts = FactReader(repository)
    for file in try texts.files(in: newest, below: folder) {
      for fact in try texts.facts(of: thing, file, newest) {
        var since = newest
        for run in runs.dropFirst() {
          guard try texts.facts(of: thing, file, run).contains(fact) else { break }
          since = run
        }
        facts.append(.init(file: file, fact: fact, since: since))
      }
    }
    return facts
  }
}

/// Looks lines up in the observed files of many runs, most of which are the same file.
private struct FactReader {
  private let repository: GitRepository
  private var files: [String: [String: GitID]] = [:]
  private var lines: [GitID: [Substring]] = [:]

  init(_ repository: GitRepository) { self.repository = repository }

  mutating func files(in run: RunRecord, below folder: String) throws(AuditError) -> [String] {
    try all(run).keys.filter { $0.hasPrefix(folder) }.sorted()
  }

  mutating func facts(of thing: String, _ file: String, _ run: RunRecord) throws(AuditError) -> [String] {
    guard let id = try all(run)[file] else { return [] }
    if lines[id] == nil {
      lines[id] = String(decoding: try repository.blob(id), as: UTF8.self).split(separator: "\n")
    }
    return (lines[id] ?? []).filter { $0 == thing || $0.hasPrefix(thing + " ") }.map(String.init)
  }

  private mutating func all(_ run: RunRecord) throws(AuditError) -> [String: GitID] {
    if let known = files[run.id] { return known }
    guard let id = GitID(run.commit) else { return [:] }
    let found = try repository.files(repository.commit(id).tree)
    files[run.id] = found
    return found
  }
}

/// The resources that `managed.json` lists, for many runs, most of which have the same list.
private struct ManagedLines {
  private let repository: GitRepository
  private var lists: [GitID: [String: String]] = [:]

  init(_ repository: GitRepository) { self.repository = repository }

  mutating func names(in run: RunRecord) throws(AuditError) -> [String] { Array(try list(run).keys) }
  mutating func line(of name: String, in run: RunRecord) throws(AuditError) -> String? { try list(run)[name] }

  private mutating func list(_ run: RunRecord) throws(AuditError) -> [String: String] {
    guard let commit = GitID(run.commit),
      let id = try repository.object("managed.json", in: repository.commit(commit).tree)
    else { return [:] }
    if let known = lists[id] { return known }
    let found = Self.parse(try repository.blob(id))
    lists[id] = found
    return found
  }

  /// One resource a line, as `RecordedFiles` writes them.
  private static func parse(_ bytes: [UInt8]) -> [String: String] {
    struct Entry: Decodable { var id: ResourceID }
    var found: [String: String] = [:]
    for line in bytes.split(separator: 10) {
      let text = line.last == UInt8(ascii: ",") ? line.dropLast() : line
      guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(text)) else { continue }
      found[entry.id.description] = String(decoding: text, as: UTF8.self)
    }
    return found
  }
}
