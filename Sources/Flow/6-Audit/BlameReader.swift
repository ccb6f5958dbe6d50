// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git

/// Looks resources up in many runs, most of which have the same files.
struct BlameReader {
  private let audit: AuditRepository
  /// Newest first.
  private let runs: [RunRecord]
  var lists: ManagedLists
  private var facts: FactReader
  private var sources: [String: [String: String]] = [:]

  init(audit: AuditRepository, repository: GitRepository, runs: [RunRecord]) {
    self.audit = audit
    self.runs = runs
    lists = ManagedLists(repository)
    facts = FactReader(repository)
  }

  /// Blames a name. Nil when no run has managed it.
  mutating func blame(_ name: String) throws -> Blame? {
    var texts: [ArraySlice<UInt8>?] = []
    for run in runs { texts.append(try lists.text(of: name, in: run)) }
    guard let newest = texts.firstIndex(where: { $0 != nil }) else { return nil }
    let end = texts[newest...].firstIndex { $0 == nil } ?? texts.endIndex
    let changed = texts[newest..<end].firstIndex { $0 != texts[newest] } ?? end
    return Blame(
      resource: name, isManaged: newest == 0, introduced: runs[end - 1], changed: runs[changed - 1],
      source: try source(of: name, in: runs[changed - 1]), removed: newest == 0 ? nil : runs[newest - 1],
      observed: try observed(name))
  }

  private mutating func source(of name: String, in run: RunRecord) throws -> String? {
    let resource = name.contains(":") ? name : "nodes:all"
    if let known = sources[run.id] { return known[resource] }
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
    var found: [String: String] = [:]
    // A plan of another version may look different: then the place is not known, and the run says the rest.
    if let json = try audit.file("plan.json", in: run),
      let plan = try? JSONDecoder().decode(Document.self, from: Data(json))
    {
      for step in plan.steps where found[step.resource] == nil {
        found[step.resource] = step.source.map { "\($0.file):\($0.line)" }
      }
    }
    sources[run.id] = found
    return found[resource]
  }

  /// Lines of the observed files that begin with the thing's name: on its host, or for a node on every head.
  private mutating func observed(_ name: String) throws -> [Blame.Observed] {
    guard let newest = runs.first else { return [] }
    var (folder, thing) = ("observed/", name)
    if let colon = name.firstIndex(of: ":") {
      guard let at = name[..<colon].firstIndex(of: "@") else { return [] }
      folder += name[name.index(after: at)..<colon] + "/"
      thing = String(name[name.index(after: colon)...])
    }
    var found: [Blame.Observed] = []
    for file in try facts.files(in: newest, below: folder) {
      for fact in try facts.facts(of: thing, file, newest) {
        var since = newest
        for run in runs.dropFirst() {
          guard try facts.facts(of: thing, file, run).contains(fact) else { break }
          since = run
        }
        found.append(.init(file: file, fact: fact, since: since))
      }
    }
    return found
  }
}

/// The lines of observed lists, by the word that they begin with.
private struct FactReader {
  private let repository: GitRepository
  private var reader: RecordedLists
  private var lists: [String: [String: [GitID]]] = [:]
  private var lines: [GitID: [Substring: [String]]] = [:]

  init(_ repository: GitRepository) {
    self.repository = repository
    reader = RecordedLists(repository)
  }

  mutating func files(in run: RunRecord, below folder: String) throws(GitError) -> [String] {
    try all(run).keys.filter { $0.hasPrefix(folder) }.sorted()
  }

  mutating func facts(of thing: String, _ file: String, _ run: RunRecord) throws(GitError) -> [String] {
    var facts: [String] = []
    for id in try all(run)[file] ?? [] { facts += try lines(id)[thing[...]] ?? [] }
    return facts
  }

  private mutating func lines(_ id: GitID) throws(GitError) -> [Substring: [String]] {
    if let known = lines[id] { return known }
    let text = String(decoding: try repository.blob(id), as: UTF8.self)
    let found = Dictionary(grouping: text.split(separator: "\n").map(String.init)) { line in
      line[..<(line.firstIndex(of: " ") ?? line.endIndex)]
    }
    lines[id] = found
    return found
  }

  private mutating func all(_ run: RunRecord) throws(GitError) -> [String: [GitID]] {
    if let known = lists[run.id] { return known }
    guard let id = GitID(run.commit) else { return [:] }
    let found = try reader.lists(repository.commit(id).tree)
    lists[run.id] = found
    return found
  }
}

/// The managed entries in a run's record: resources, and the nodes of `nodes:all` by their names.
struct ManagedLists {
  private let repository: GitRepository
  private var reader: RecordedLists
  private var objects: [String: [GitID]] = [:]
  private var entries: [GitID: [String: ArraySlice<UInt8>]] = [:]

  init(_ repository: GitRepository) {
    self.repository = repository
    reader = RecordedLists(repository)
  }

  mutating func names(in run: RunRecord) throws(GitError) -> [String] {
    var names: Set<String> = []
    for id in try objects(of: run) { names.formUnion(try entries(of: id).keys) }
    return Array(names)
  }

  mutating func text(of name: String, in run: RunRecord) throws(GitError) -> ArraySlice<UInt8>? {
    var parts: [ArraySlice<UInt8>] = []
    for id in try objects(of: run) { if let part = try entries(of: id)[name] { parts.append(part) } }
    return parts.count > 1 ? ManagedLines.joined(parts).first : parts.first
  }

  private mutating func objects(of run: RunRecord) throws(GitError) -> [GitID] {
    if let known = objects[run.id] { return known }
    guard let commit = GitID(run.commit) else { return [] }
    let tree = try repository.commit(commit).tree
    let found = try reader.objects(below: ManagedLines.folder, in: tree)
    objects[run.id] = found
    return found
  }

  private mutating func entries(of id: GitID) throws(GitError) -> [String: ArraySlice<UInt8>] {
    if let known = entries[id] { return known }
    let found = Self.parse(try repository.blob(id))
    entries[id] = found
    return found
  }

  /// As `ManagedLines` writes them.
  private static func parse(_ bytes: [UInt8]) -> [String: ArraySlice<UInt8>] {
    struct Node: Decodable { var name: HostID }
    let decoder = JSONDecoder()
    var found: [String: ArraySlice<UInt8>] = [:]
    for entry in ManagedLines.entries(bytes) {
      guard let id = ManagedLines.id(of: entry) else { continue }
      found[id.description] = entry
      guard id.kind == "nodes" else { continue }
      for row in RowedEntry(entry)?.rows ?? [] {
        if let node = try? decoder.decode(Node.self, from: Data(row)) { found[node.name.name] = row }
      }
    }
    return found
  }
}
