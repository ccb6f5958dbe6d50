// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Diagnostics
import Foundation
import HostAccess
import Planning
import Reconciler
import SpecReading
import Wings

/// How a command that edits the description does it.
struct ChangeOptions: ParsableArguments {
  @Flag(help: "Write nothing: show the difference.")
  var dryRun = false
}

/// An edit of the description by command: read, edited in memory, checked as `cluster validate` does, and only then
/// written.
struct DescriptionChange {
  let options: SiteOptions
  let before: Specification
  let text: DescriptionText
  let editing: NodeEditing

  /// One value of a node, for the report. A node that is added or taken out has none.
  struct Row: Encodable {
    var node: String
    var change: String
    var key: String?
    var value: String?

    var words: String {
      let value = self.value.map { " \($0)" } ?? " none"
      return "\(node): " + (key.map { $0 + value } ?? change)
    }
  }

  private struct File: Encodable {
    var path: String
    var diff: String
  }

  private struct Printed: Encodable {
    var written: Bool
    var changes: [Row]
    var files: [File]
  }

  init(_ options: SiteOptions) throws {
    self.options = options
    before = try options.specification()
    text = before.text(options.location.lastPathComponent)
    let folder = options.location.deletingLastPathComponent()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    editing = NodeEditing(keys: WingCatalog.keys, taken: Set(names))
  }

  /// - Parameter edit: the edited description.
  func carryOut(
    _ rows: [Row], _ change: ChangeOptions, _ output: OutputOptions.Format,
    _ edit: (NodeEditing, DescriptionText) throws(EditRefusal) -> DescriptionText
  ) throws {
    let edited: DescriptionText
    do throws(EditRefusal) { edited = try edit(editing, text) } catch { throw told(error) }
    let checked: Specification
    do { checked = try Specification.load(options.location, edited: edited) } catch {
      throw Failure("\(error)", next: "Give the description with --file, or change to its folder.")
    }
    let errors = checked.diagnostics.filter { $0.severity == .error }
    guard errors.isEmpty else {
      throw told(.leavingErrors(errors, in: edited))
    }
    let paths = edited.changed(from: text)
    let files = paths.map { File(path: $0, diff: Self.diff($0, text[$0], edited[$0])) }
    if !change.dryRun { try write(edited, paths) }
    switch output {
    case .json: Terminal.print(try Terminal.json(Printed(written: !change.dryRun, changes: rows, files: files)))
    case .text: Terminal.print(report(rows, files, isWritten: !change.dryRun))
    }
  }

  private func report(_ rows: [Row], _ files: [File], isWritten: Bool) -> String {
    guard !files.isEmpty else { return "Nothing to write: \(options.file) says that already." }
    let diffs = files.map(\.diff)
    guard isWritten else { return (diffs + ["Nothing is written: --dry-run."]).joined(separator: "\n") }
    let new = files.map(\.path).filter { text[$0] == nil }
    let moved = new.map { "\($0) is new: the group's nodes are its rows from now on." }
    let kept = files.map(\.path).filter { text[$0] != nil }.map { $0 + "~" }
    return
      (rows.map(\.words) + moved + [
        "Written: \(files.map(\.path).joined(separator: ", ")). As it was: \(kept.joined(separator: ", ")).",
        "Next: review it with `cluster plan`, then commit it.",
      ]).joined(separator: "\n")
  }

  private static func diff(_ path: String, _ old: [UInt8]?, _ new: [UInt8]?) -> String {
    // Ends of lines stay as they are, and need not be shown for each.
    let words = { (bytes: [UInt8]?) in String(decoding: bytes ?? [], as: UTF8.self).replacing("\r\n", with: "\n") }
    let names = [old == nil ? "--- /dev/null" : "--- a/\(path)", "+++ b/\(path)"]
    return (names + UnifiedDiff.lines(old: words(old), new: words(new))).joined(separator: "\n")
  }

  // MARK: Writing

  /// Tables come first: a description that names a table finds it, whenever the power fails.
  private func write(_ edited: DescriptionText, _ paths: [String]) throws {
    let folder = options.location.deletingLastPathComponent()
    let places = paths.map { ($0, folder.appending(path: $0).resolvingSymlinksInPath().path) }
    for (path, place) in places {
      let now = try FileSystem.entry(place) == nil ? nil : [UInt8](Data(contentsOf: URL(fileURLWithPath: place)))
      guard now == text[path] else {
        throw Failure("\(path) has been changed meanwhile", next: "See who else edits it, then try again.")
      }
    }
    for (path, place) in places {
      let entry = try FileSystem.entry(place)
      let owner = entry.map { FileSystem.Owner(uid: $0.uid, gid: $0.gid) } ?? .own
      let mode = UInt16(entry?.mode ?? 0o644)
      if let old = text[path] { try FileSystem.write(old, to: place + "~", mode: mode, owner: owner) }
      try FileSystem.write(edited[path] ?? [], to: place, mode: mode, owner: owner)
    }
  }

  /// A refusal, behind what would be wrong.
  func told(_ refusal: EditRefusal) -> Failure {
    if let text = refusal.text, !refusal.problems.isEmpty {
      let sources = ([text.file] + text.tables.keys.sorted()).compactMap { path in
        text[path].map { SourceText(file: path, bytes: $0) }
      }
      Terminal.note(DiagnosticRenderer(sources: sources, color: Terminal.errorColour).render(refusal.problems))
    }
    return Failure(refusal.what + "; nothing is written", next: refusal.next, status: .refused)
  }
}
