// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The identities of all nodes on one head. One resource however many nodes there are.
///
/// - Absent, for other nodes or files, with another value of a secret, or changed by hand: written anew.
/// - A node takes its identity when it boots, and while it runs when it is told to: see `NodeRefreshKind`. No node is
///   restarted for it.
/// - Removal takes all of them away. There is no backup of a secret.
package enum NodeIdentitiesKind: ResourceKind {
  package static let name = "node-identities"
  package static let removalRank = 20
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    package var goal: NodeIdentitiesGoal

    package init(_ goal: NodeIdentitiesGoal) { self.goal = goal }
  }

  package static func id(on host: HostID) -> ResourceID { ResourceID(name, on: host, "all") }
}

extension NodeIdentitiesKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, NodeIdentitiesProbe(desired.goal.secrets))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> NodeIdentitiesState? {
    try answers.answer(id.onlyHost, NodeIdentitiesProbe(desired.goal.secrets)) ?? nil
  }

  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    EnsureNodeIdentities(desired.goal).claims(on: id.onlyHost)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: NodeIdentitiesState?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let goal = desired.goal
    guard let because = reason(id.onlyHost, goal, actual) else { return [] }
    let previous = (context.previous as? Desired)?.goal
    return [
      StepDraft(
        "write", on: id.onlyHost, EnsureNodeIdentities(goal), because: because,
        changes: changes(from: actual == nil ? nil : previous, to: goal, actual))
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: NodeIdentitiesState, _ context: PlanContext
  ) -> [StepDraft] {
    [
      StepDraft(
        "remove", on: id.onlyHost, EnsureNodeIdentitiesAbsent(), because: "the spec has no nodes now",
        changes: ["- host keys and secrets of \(counted(previous.goal.nodes.count))"])
    ]
  }

  private static func reason(_ head: HostID, _ goal: NodeIdentitiesGoal, _ actual: NodeIdentitiesState?) -> String? {
    guard let actual else { return "\(head) has no identities of nodes" }
    if let other = actual.others.first { return "they hold another \(other)" }
    if actual.goal == goal.digest, actual.isIntact { return nil }
    return actual.goal == goal.digest ? "they are not as they were written" : "they are for other nodes or files"
  }

  private static func changes(
    from previous: NodeIdentitiesGoal?, to goal: NodeIdentitiesGoal, _ actual: NodeIdentitiesState?
  ) -> [String] {
    var lines = (actual?.others ?? []).map { secret in
      let what = secret == .nodeIdentities ? "other host keys for" : "redacted: changed for"
      return "\(secret), \(what) \(counted(goal.nodes(with: secret))): at once where they run, else when they boot"
    }
    let before = Set((previous?.nodes ?? []).map(\.name))
    let after = Set(goal.nodes.map(\.name))
    func count(_ mark: String, _ nodes: Int) { if nodes > 0 { lines.append("\(mark) \(counted(nodes))") } }
    count("+", after.subtracting(before).count)
    count("-", before.subtracting(after).count)
    let (old, new) = (Set(previous.map(paths) ?? []), Set(paths(goal)))
    lines += new.subtracting(old).sorted().map { "+ \($0)" } + old.subtracting(new).sorted().map { "- \($0)" }
    return lines + LiveFile.changes(from: previous.map(liveFiles) ?? [], to: liveFiles(goal))
  }

  private static func liveFiles(_ goal: NodeIdentitiesGoal) -> [NodeRefreshKind.File] { NodeRefreshKind.files(goal) }

  private static func counted(_ nodes: Int) -> String { "\(nodes) \(nodes == 1 ? "node" : "nodes")" }

  private static func paths(_ goal: NodeIdentitiesGoal) -> [String] {
    goal.files.flatMap { image, files in
      files.map {
        "\($0.path) of image \(image): \($0.secret), redacted, \($0.owner) 0\(String($0.mode, radix: 8))"
      }
    }
  }
}
