// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git

/// A file or link in a run's commit, as git keeps it: what it holds, and whether it may be run.
package struct RecordedFile: Hashable, Sendable {
  /// A link has the path that it leads to.
  package var bytes: [UInt8]
  package var kind: SiteFiles.Kind

  package init(_ bytes: [UInt8], _ kind: SiteFiles.Kind = .file) {
    self.bytes = bytes
    self.kind = kind
  }

  init(_ entry: GitTreeEntry, in repository: GitRepository) throws(GitError) {
    let kind: SiteFiles.Kind =
      switch entry.kind {
      case .executable: .program
      case .link: .link
      case .file, .folder, .submodule: .file
      }
    self.init(try repository.blob(entry.id), kind)
  }

  var entryKind: GitTreeEntry.Kind {
    switch kind {
    case .file: .file
    case .program: .executable
    case .link: .link
    }
  }

  /// In place, so that a file keeps its owner and what its mode says besides who may run it.
  package func write(to location: URL) throws {
    let files = FileManager.default
    try files.createDirectory(at: location.deletingLastPathComponent(), withIntermediateDirectories: true)
    let isLink = (try? files.destinationOfSymbolicLink(atPath: location.path)) != nil
    if isLink || kind == .link, isLink || files.fileExists(atPath: location.path) { try files.removeItem(at: location) }
    if kind == .link {
      return try files.createSymbolicLink(
        atPath: location.path, withDestinationPath: String(decoding: bytes, as: UTF8.self))
    }
    let isExecutable = kind == .program
    if let file = FileHandle(forUpdatingAtPath: location.path) {
      defer { file.closeFile() }
      try file.truncate(atOffset: 0)
      try file.write(contentsOf: Data(bytes))
    } else {
      try Data(bytes).write(to: location)
    }
    guard files.isExecutableFile(atPath: location.path) != isExecutable else { return }
    try files.setAttributes([.posixPermissions: isExecutable ? 0o755 : 0o644], ofItemAtPath: location.path)
  }
}

extension AuditRecord {
  /// The files of the run's commit, by path.
  /// - Parameter lines: knows the text of resources that have been read or written before.
  func files(_ lines: ManagedLines) throws(AuditError) -> [String: RecordedFile] {
    var files = try lines.files(managed)
    files["plan.json"] = RecordJSON.lines(planJSON.utf8) + [10]
    files["plan.txt"] = Array(planText.utf8)
    files["outcome.txt"] = Array(outcome.table.utf8)
    do { files["outcome.json"] = try Self.json(outcome) } catch { throw .notJSON(error) }
    for (path, text) in observed {
      files.merge(ObservedList.files(text, at: ObservedList.folder + path)) { first, _ in first }
    }
    var recorded = files.mapValues { RecordedFile($0) }
    for (path, file) in specification { recorded["spec/" + path] = file }
    return recorded
  }

  /// The commit's message. The trailers are what `log` reads: see git-interpret-trailers(1).
  /// - Parameter previous: the newest generation of the site that the history has so far.
  func message(after previous: Int?) -> String {
    var trailers = [
      ("Spec", spec.label), ("Run", outcome.run), ("Result", result), ("By", by), ("Tool", tool), ("Site", site),
      ("Generation", outcome.generations.map(String.init).joined(separator: ", ")),
    ]
    if let missing = Generations.missing(outcome.generations, after: previous) { trailers.append(("Without", missing)) }
    let lines = trailers.map { key, value in
      "\(key): \(value.split(whereSeparator: \.isNewline).joined(separator: " "))"
    }
    return subject.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n\n" + lines.joined(separator: "\n")
      + "\n"
  }

  private static func json(_ value: some Encodable) throws -> [UInt8] {
    RecordJSON.lines(try RecordJSON.encoder().encode(value)) + [10]
  }
}

extension RunOutcome {
  /// One line a step: result, seconds, step, detail.
  var table: String {
    steps.map { step in
      let tenths = Int((step.seconds * 10).rounded(.toNearestOrEven))
      let (word, seconds) = (step.word, "\(tenths / 10).\(tenths % 10)")
      let gap = max(0, 12 - word.utf8.count) + max(0, 8 - seconds.utf8.count)
      return "\(word)\(String(repeating: " ", count: gap))\(seconds) s  \(step.step)  \(step.detail)\n"
    }.joined()
  }
}
