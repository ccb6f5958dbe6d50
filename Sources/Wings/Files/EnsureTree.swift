// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Makes a folder hold exactly these files.
package struct EnsureTree: GoalOperation {
  package static let name = "ensureTree"

  package let goal: TreeGoal
  package init(_ goal: TreeGoal) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.tree(host, goal.root)] }
  package var lockout: Lockout { .ofPath(goal.root) }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Measured: some hundred small files, each written and synced.
    OperationTiming(expectedSeconds: 0.5, varies: false, deadline: .seconds(120), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal.root }
  package func title(verb: String, machines: String) -> String { "write the folder \(goal.root)" }
  package var counting: CountingWords { CountingWords("write", "folder", "folders") }
  package var undoing: String {
    "an older spec writes the folder as it was asked for then; files of others in it are gone."
  }
}

package struct TreeGoal: Hashable, Codable, Sendable {
  package struct Entry: Hashable, Codable, Sendable {
    package let contents: Content
    package var executable: Bool
    private let memo = Lazy<String>()

    package init(_ contents: Content, executable: Bool = false) {
      self.contents = contents
      self.executable = executable
    }

    /// The digest of the contents; computed once, however often it is compared with what hosts have.
    package var digest: String { memo.value { contents.digest } }

    private enum CodingKeys: String, CodingKey { case contents, executable }
  }

  package var root: String
  /// The files by path relative to the root.
  package var files: [String: Entry]

  package init(root: String, files: [String: Entry]) {
    self.root = root
    self.files = files
  }
}

/// Removes a folder of ours; what was there before, where it was kept, takes its place.
package struct EnsureTreeAbsent: HostOperation {
  package static let name = "ensureTreeAbsent"

  package let root: String

  package init(root: String) {
    self.root = root
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.tree(host, root)] }
  package var lockout: Lockout { .ofPath(root) }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { true }

  package var timing: OperationTiming {
    // Measured: some hundred small files, each written and synced.
    OperationTiming(expectedSeconds: 0.5, varies: false, deadline: .seconds(120), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { root }
  package func title(verb: String, machines: String) -> String { "remove the folder \(root)" }
  package var counting: CountingWords { CountingWords("remove", "folder", "folders") }
  package var undoing: String { "an older spec, in which it is asked for, writes it again." }
}
