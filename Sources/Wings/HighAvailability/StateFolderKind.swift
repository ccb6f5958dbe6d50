// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The shared folder on one head. The first head marks it once; the others must see that mark.
///
/// - Not mounted, marked for another cluster, or another folder than the first head's: nothing is done, and services
///   that keep their state there are not started. An empty folder would be taken for an empty queue of jobs.
/// - Removal touches nothing: what is there is the services' own.
package enum StateFolderKind: ResourceKind {
  package static let name = "state-folder"
  package static let removalRank = 40

  package struct Desired: DesiredState {
    package var goal: StateFolderGoal
    /// The head that marks it.
    package var primary: HostID

    package init(_ goal: StateFolderGoal, primary: HostID) {
      self.goal = goal
      self.primary = primary
    }
  }

  package typealias Actual = StateFolder

  package static func id(on host: HostID, _ path: String) -> ResourceID { ResourceID(name, on: host, path) }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    Set([id.onlyHost, desired.primary]).sorted().map { Question($0, StateFolderProbe(desired.goal.path)) }
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    let goal = desired.goal
    guard let folder = try answers.answer(id.onlyHost, StateFolderProbe(goal.path)) else { return nil }
    // The unit that mounts it may be a step of the same plan.
    guard folder.isMounted else { return nil }
    if let problem = folder.conflict(with: goal) { throw .failed(id.onlyHost, problem) }
    return folder.marker == nil ? nil : folder
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    guard actual == nil else { return [] }
    let marks = id.onlyHost == desired.primary
    return [
      StepDraft(
        marks ? "mark" : "check", on: id.onlyHost, EnsureStateFolder(desired.goal, marks: marks),
        because: marks
          ? "\(desired.goal.path) is not marked as the state of this cluster"
          : "\(id.onlyHost) has not been seen to have the folder that \(desired.primary) has")
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] { [] }
}

package struct StateFolderGoal: Hashable, Codable, Sendable {
  package var path: String
  /// The line that tells whose state it is.
  package var marker: String

  package init(path: String, marker: String) {
    self.path = path
    self.marker = marker
  }

  /// That of a cluster.
  package init(_ state: HighAvailabilityPolicy.State, of cluster: Cluster) {
    self.init(path: state.path, marker: "\(cluster.name) \(cluster.domain)")
  }

  /// The file that has the line.
  package var file: String { HighAvailabilityPolicy.State.marker(in: path) }
}

/// A folder that services keep their state in, as one head sees it.
package struct StateFolderProbe: Probe {
  package typealias Answer = StateFolder

  package static let name = "stateFolder"

  package let path: String
  package init(_ path: String) { self.path = path }

  package var words: String { "state in \(path)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ folder: StateFolder, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("state", explained(folder, nodes))]
  }

  package func explained(_ folder: StateFolder, _ nodes: NodeNames) -> [String] {
    let mark = folder.marker.map { "of \($0)" } ?? "unmarked"
    return ["\(path) \(folder.isMounted ? "mounted" : "not mounted") \(mark)"]
  }
}

package struct StateFolder: Hashable, Codable, Sendable {
  /// Something is mounted at exactly this path.
  package var isMounted: Bool
  /// The first line of its mark. Nil: it has none.
  package var marker: String?
  package var isEmpty: Bool

  package init(isMounted: Bool, marker: String?, isEmpty: Bool) {
    self.isMounted = isMounted
    self.marker = marker
    self.isEmpty = isEmpty
  }

  /// The reason why it cannot be the state of this cluster.
  package func conflict(with goal: StateFolderGoal) -> AgentError? {
    if let marker, marker != goal.marker {
      return AgentError(
        .conflict, "\(goal.path) is the state of something else",
        cause: "its mark says \(marker.debugDescription), and not \(goal.marker.debugDescription)",
        next:
          "Mount the right folder there. If it is the right one, write this line into \(goal.file): \(goal.marker)"
      )
    }
    guard marker == nil, !isEmpty else { return nil }
    return AgentError(
      .conflict, "\(goal.path) holds something, and no mark of whose state it is",
      next: "Mount the right folder there. If it is the right one, write this line into \(goal.file): "
        + goal.marker)
  }
}

/// Marks a folder that is mounted and empty as a cluster's state, or checks that it is marked so.
package struct EnsureStateFolder: HostOperation {
  package static let name = "ensureStateFolder"

  package let goal: StateFolderGoal
  /// Else it only looks: another head has marked it.
  package let marks: Bool

  package init(_ goal: StateFolderGoal, marks: Bool) {
    self.goal = goal
    self.marks = marks
  }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.path(host, goal.file)] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 0.2, varies: false, deadline: .seconds(60), lane: nil)
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal.path }
  package func title(verb: String, machines: String) -> String {
    marks ? "mark \(goal.path) as this cluster's state" : "check that \(goal.path) is the same folder"
  }
  package var counting: CountingWords { CountingWords("mark", "state folder", "state folders") }
  package var undoing: String { "the mark stays, with what services have in the folder." }
}
