// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A folder that is wholly ours: it holds these files and no others.
///
/// One probe and one operation however many files there are, so ten thousand nodes cost one tree on each head.
package enum TreeKind: ResourceKind {
  package static let name = "tree"
  package static let removalRank = 20
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    package var tree: TreeGoal

    package init(_ tree: TreeGoal) { self.tree = tree }
  }

  package struct Actual: Hashable, Sendable {
    /// Digests by path relative to the root.
    package var files: [String: String]
  }

  package static func id(on host: HostID, _ root: String) -> ResourceID { ResourceID(name, on: host, root) }
}

extension Resource {
  package static func tree(
    on host: HostID, _ root: String, _ files: [String: TreeGoal.Entry], because: String, source: SourceSpan,
    after: [ResourceID] = []
  ) -> Resource {
    let goal = TreeGoal(root: root, files: files)
    return Resource(
      TreeKind.id(on: host, root), TreeKind.Desired(goal), because: because, source: source, after: after)
  }
}

extension TreeKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, TreeProbe(desired.tree.root))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let state = try answers.answer(id.onlyHost, TreeProbe(desired.tree.root)), state.exists else { return nil }
    return Actual(files: state.files)
  }
}

extension TreeKind {
  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    EnsureTree(desired.tree).claims(on: id.onlyHost)
  }

  /// More changed files than this are counted instead of listed.
  private static let mostListed = 10

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let changes = differences(desired.tree, actual?.files)
    if actual != nil && changes.isEmpty { return [] }
    let root = desired.tree.root
    let because =
      actual == nil
      ? "\(root) does not exist"
      : "\(changes.count) of the files in \(root) \(changes.count == 1 ? "differs" : "differ")"
    return [
      StepDraft("write", on: id.onlyHost, EnsureTree(desired.tree), because: because, changes: lines(changes))
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    let root = previous.tree.root
    return [
      StepDraft(
        "remove", on: id.onlyHost, EnsureTreeAbsent(root: root), because: "nothing in the spec asks for \(root) now",
        changes: lines(actual.files.keys.map { Change(path: $0, mark: .removed) }))
    ]
  }

  private struct Change: Comparable {
    enum Mark: String, CaseIterable { case new = "+", changed = "*", removed = "-" }

    var path: String
    var mark: Mark

    var line: String { "\(mark.rawValue) \(path)" }
    static func < (a: Self, b: Self) -> Bool { a.path < b.path }
  }

  /// In no order: of ten thousand files only a few are listed.
  private static func differences(_ goal: TreeGoal, _ files: [String: String]?) -> [Change] {
    guard let files, !files.isEmpty else { return goal.files.keys.map { Change(path: $0, mark: .new) } }
    var changes = files.keys.filter { goal.files[$0] == nil }.map { Change(path: $0, mark: .removed) }
    for (path, entry) in goal.files {
      guard let digest = files[path] else {
        changes.append(Change(path: path, mark: .new))
        continue
      }
      if digest != entry.digest { changes.append(Change(path: path, mark: .changed)) }
    }
    return changes
  }

  private static func lines(_ changes: [Change]) -> [String] {
    guard changes.count > mostListed else { return changes.sorted().map(\.line) }
    var first: [Change] = []
    for change in changes {
      if first.count == mostListed - 1, let last = first.last, last < change { continue }
      first.insert(change, at: first.firstIndex { change < $0 } ?? first.endIndex)
      if first.count == mostListed { first.removeLast() }
    }
    let counts = Change.Mark.allCases.compactMap { mark -> String? in
      let count = changes.count { $0.mark == mark } - first.count { $0.mark == mark }
      return count == 0 ? nil : "\(count) \(mark)"
    }
    return first.map(\.line) + ["and \(changes.count - first.count) more: " + counts.joined(separator: ", ")]
  }
}
