// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension FileKind {
  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    Operation.ensureFile(desired.file).claims(on: id.onlyHost)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let goal = desired.file
    guard let because = reason(goal, actual) else { return [] }
    return [
      StepDraft("write", on: id.onlyHost, .ensureFile(goal), because: because, changes: differences(goal, actual))
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    let path = previous.file.path
    return [
      StepDraft(
        "remove", on: id.onlyHost, .ensureFileAbsent(path: path), because: "nothing in the spec asks for \(path) now",
        changes: ["- \(path)"])
    ]
  }

  /// Nil when the file is as it is to be.
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
