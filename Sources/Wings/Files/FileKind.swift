// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// One text or binary file of ours.
///
/// - The contents are compared byte for byte; mode and owner only where the spec names them.
/// - A file that somebody else put there is kept once as a backup by the operation.
/// - A link at the path is replaced by the file. Anything else there (a folder, a socket) makes the operation fail.
/// - Removal puts the backup back.
package enum FileKind: ResourceKind {
  package static let name = "file"
  package static let removalRank = 20
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    package var file: FileGoal
    /// The file has lines of others too. Nil: all of it is ours.
    package var sharing: Sharing?
    /// A clause on what ends when a file that is there is not ours: "what nginx serves there ends".
    package var takesOver: String?

    package init(_ file: FileGoal, sharing: Sharing? = nil, takesOver: String? = nil) {
      self.file = file
      self.sharing = sharing
      self.takesOver = takesOver
    }
  }

  /// How a file is shared with others.
  package enum Sharing: String, Hashable, Codable, Sendable {
    /// Our part comes first: see `HostsFile`.
    case hosts
  }

  package enum Actual: Hashable, Sendable {
    case file(FileFacts)
    case link(target: String)
    case other(String)
  }

  package static func id(on host: HostID, _ path: String) -> ResourceID { ResourceID(name, on: host, path) }
}

extension Resource {
  package static func file(
    on host: HostID, _ path: String, _ contents: String, mode: UInt16? = nil, owner: String? = nil,
    sharing: FileKind.Sharing? = nil, takesOver: String? = nil, because: String, source: SourceSpan,
    after: [ResourceID] = []
  ) -> Resource {
    file(
      on: host, FileGoal(path: path, contents: .text(contents), mode: mode, owner: owner), sharing: sharing,
      takesOver: takesOver, because: because, source: source, after: after)
  }

  package static func file(
    on host: HostID, _ goal: FileGoal, sharing: FileKind.Sharing? = nil, takesOver: String? = nil, because: String,
    source: SourceSpan, after: [ResourceID] = []
  ) -> Resource {
    Resource(
      FileKind.id(on: host, goal.path), FileKind.Desired(goal, sharing: sharing, takesOver: takesOver),
      because: because, source: source, after: after)
  }
}

extension FileKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, FileProbe(desired.file.path))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    switch try answers.answer(id.onlyHost, FileProbe(desired.file.path)) {
    case .absent, nil: nil
    case .file(let facts): .file(facts)
    case .link(let target): .link(target: target)
    case .other(let what): .other(what)
    }
  }
}

extension FileKind {
  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    EnsureFile(desired.file).claims(on: id.onlyHost)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let goal = shared(desired, actual)
    guard var because = reason(goal, actual) else { return [] }
    let isTaken = isForeign(goal, actual)
    if let end = desired.takesOver, isTaken { because += "; \(end)" }
    return [
      StepDraft(
        "write", on: id.onlyHost, EnsureFile(goal), disruption: isTaken && desired.takesOver != nil ? .restart : .none,
        because: because, changes: differences(goal, actual))
    ]
  }

  /// The whole file, with the lines of others that are there.
  private static func shared(_ desired: Desired, _ actual: Actual?) -> FileGoal {
    guard desired.sharing == .hosts, case .text(let ours) = desired.file.contents, case .file(let facts)? = actual,
      let text = facts.contents
    else { return desired.file }
    var goal = desired.file
    goal.contents = .text(HostsFile.merged(ours, into: text))
    return goal
  }

  /// Somebody else has put it there.
  private static func isForeign(_ goal: FileGoal, _ actual: Actual?) -> Bool {
    guard case .file(let facts)? = actual else { return false }
    return !facts.managed && !holds(facts, goal.contents)
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    let path = previous.file.path
    return [
      StepDraft(
        "remove", on: id.onlyHost, EnsureFileAbsent(path: path), because: "nothing in the spec asks for \(path) now",
        changes: ["- \(path)"])
    ]
  }

  /// Why the file has to be changed. Nil when it is as it is to be.
  private static func reason(_ goal: FileGoal, _ actual: Actual?) -> String? {
    switch actual {
    case nil: "\(goal.path) does not exist"
    case .link(let target): "\(goal.path) is a link to \(target)"
    case .other(let what): "\(goal.path) is a \(what)"
    case .file(let facts):
      if !holds(facts, goal.contents) {
        facts.managed ? "\(goal.path) has other contents" : "\(goal.path) is there with contents that are not ours"
      } else if let mode = goal.mode, mode != facts.mode {
        "\(goal.path) has mode \(octal(facts.mode))"
      } else if let owner = goal.owner, owner != "\(facts.owner):\(facts.group)" {
        "\(goal.path) belongs to \(facts.owner):\(facts.group)"
      } else {
        nil
      }
    }
  }

  /// Byte for byte: texts that only look the same are two. Where the text itself is there, nothing has to be digested.
  private static func holds(_ facts: FileFacts, _ wanted: Content) -> Bool {
    guard case .text(let text) = wanted, let found = facts.contents else { return facts.digest == wanted.digest }
    return found.hasSameBytes(as: text)
  }

  private static func differences(_ goal: FileGoal, _ actual: Actual?) -> [String] {
    guard case .file(let facts) = actual else { return contents(goal, old: "") }
    var lines: [String] = []
    if !holds(facts, goal.contents) { lines += contents(goal, old: facts.contents) }
    if let mode = goal.mode, mode != facts.mode { lines.append("mode \(octal(facts.mode)) -> \(octal(mode))") }
    if let owner = goal.owner, owner != "\(facts.owner):\(facts.group)" {
      lines.append("owner \(facts.owner):\(facts.group) -> \(owner)")
    }
    return lines
  }

  private static func contents(_ goal: FileGoal, old: String?) -> [String] {
    guard case .text(let new) = goal.contents, let old else {
      return ["\(goal.contents.bytes.count) bytes with SHA-256 \(goal.contents.digest.prefix(16))"]
    }
    let diff = UnifiedDiff.lines(old: old, new: new)
    return diff.isEmpty ? ["an empty file"] : diff
  }

  private static func octal(_ mode: UInt16) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
