// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Steps that do the same to different nodes, or one other step.
struct StepGroup {
  var first: Step
  /// Empty for a step that is not about a node.
  var nodes: [String]

  /// In the order of each group's first step.
  static func grouped(_ steps: [Step]) -> [StepGroup] {
    var groups: [StepGroup] = []
    var places: [Sameness: Int] = [:]
    for step in steps {
      guard let (node, sameness) = sameness(of: step) else {
        groups.append(StepGroup(first: step, nodes: []))
        continue
      }
      if let place = places[sameness] {
        groups[place].nodes.append(node)
      } else {
        places[sameness] = groups.count
        groups.append(StepGroup(first: step, nodes: [node]))
      }
    }
    return groups
  }

  /// The first step's reason, with all the nodes in the place of the one.
  func because(_ fold: ([String]) -> String) -> String {
    guard let node = nodes.first, nodes.count > 1 else { return first.because }
    return Self.replace(node, in: first.because, with: fold(nodes))
  }

  private struct Sameness: Hashable {
    var host: HostID
    var what: String
    var because: String
    var changes: [String]
    var disruption: Step.Disruption
    var destructive: Bool
  }

  private static func sameness(of step: Step) -> (node: String, Sameness)? {
    guard case .ensureNode(let goal) = step.operation else { return nil }
    let node = goal.node.name
    return (
      node,
      Sameness(
        host: step.host, what: "\(goal.image) \(goal.restart)", because: replace(node, in: step.because, with: "*"),
        changes: step.changes.map { replace(node, in: $0, with: "*") }, disruption: step.disruption,
        destructive: step.destructive)
    )
  }

  private static func replace(_ word: String, in text: String, with other: String) -> String {
    text.replacing(word, with: other)
  }
}
