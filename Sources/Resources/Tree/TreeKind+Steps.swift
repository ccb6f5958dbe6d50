// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension TreeKind {
  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    Operation.ensureTree(desired.tree).claims(on: id.onlyHost)
  }

  /// More changed files than this are counted instead of listed.
  private static let mostListed = 10

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let changes = differences(desired.tree, actual?.files ?? [:])
    if actual != nil && changes.isEmpty { return [] }
    let root = desired.tree.root
    let because =
      actual == nil
      ? "\(root) does not exist"
      : "\(changes.count) of the files in \(root) \(changes.count == 1 ? "differs" : "differ")"
    return [
      StepDraft("write", on: id.onlyHost, .ensureTree(desired.tree), because: because, changes: folded(changes))
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    let root = previous.tree.root
    return [
      StepDraft(
        "remove", on: id.onlyHost, .ensureTreeAbsent(root: root), because: "nothing in the spec asks for \(root) now",
        changes: folded(actual.files.keys.sorted().map { "- \($0)" }))
    ]
  }

  private static func differences(_ goal: TreeGoal, _ files: [String: String]) -> [String] {
    Set(goal.files.keys).union(files.keys).sorted().compactMap { path in
      switch (files[path], goal.files[path]) {
      case (nil, .some): "+ \(path)"
      case (.some, nil): "- \(path)"
      case (let digest?, let entry?): digest == entry.contents.digest ? nil : "* \(path)"
      case (nil, nil): nil
      }
    }
  }

  private static func folded(_ changes: [String]) -> [String] {
    guard changes.count > mostListed else { return changes }
    let shown = changes.prefix(mostListed - 1)
    let rest = changes.dropFirst(mostListed - 1)
    let counts = [("+", "new"), ("*", "changed"), ("-", "removed")].compactMap { mark, word in
      let count = rest.count { $0.hasPrefix(mark) }
      return count == 0 ? nil : "\(count) \(word)"
    }
    return shown + ["and \(rest.count) more: " + counts.joined(separator: ", ")]
  }
}
