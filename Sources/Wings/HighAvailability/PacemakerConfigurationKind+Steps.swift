// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

extension PacemakerConfigurationKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    var goal = CIBGoal(elements: desired.elements, removed: [], members: desired.members)
    guard let actual else {
      return [
        StepDraft(
          "configure", on: context.activeHead, EnsureCIB(goal), because: "Pacemaker does not run yet",
          changes: changes(empty.differences(goal)))
      ]
    }
    goal.removed = actual.cib.managed.subtracting(desired.elements.map(\.id)).sorted()
    let differences = actual.cib.differences(goal)
    let host = actual.heads.contains(context.activeHead) ? context.activeHead : actual.heads[0]
    if !differences.isEmpty {
      return [
        StepDraft(
          "configure", on: host, EnsureCIB(goal),
          disruption: disruption(differences, goal, actual, context.activeHead),
          because: summary(differences), changes: changes(differences), part: part(differences))
      ]
    }
    guard !actual.failed.isEmpty else { return [] }
    let names = actual.failed.joined(separator: ", ")
    return [
      StepDraft(
        "recover", on: host, EnsureCIB(goal), because: "Pacemaker has given up on \(names)",
        changes: actual.failed.map { "\($0): forget its failures and try again" })
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    let pause = CIBDocument.option("maintenance-mode", "true")
    let goal = CIBGoal(
      elements: [pause, CIBDocument.registry(of: actual.cib.managed.union([pause.id]))], removed: [], members: [])
    let differences = actual.cib.differences(goal)
    guard !differences.isEmpty else { return [] }
    let host = actual.heads.contains(context.activeHead) ? context.activeHead : actual.heads[0]
    return [
      StepDraft(
        "release", on: host, EnsureCIB(goal), because: "nothing in the spec asks for high availability now",
        changes: changes(differences))
    ]
  }

  /// The list of what is ours follows from the rest, and would only repeat it.
  private static func changes(_ differences: [CIBDifference]) -> [String] {
    differences.filter { $0.id != CIBDocument.registry }.flatMap(\.lines)
  }

  /// The key of `ha` that all of them come from. Nil: there are several, or none.
  private static func part(_ differences: [CIBDifference]) -> String? {
    let keys = Set(differences.filter { $0.id != CIBDocument.registry }.map(PacemakerElements.key))
    return keys.count == 1 ? keys.first ?? nil : nil
  }

  private static func summary(_ differences: [CIBDifference]) -> String {
    let ids = differences.map(\.id).filter { $0 != CIBDocument.registry }
    let shown = ids.prefix(3).joined(separator: ", ") + (ids.count > 3 ? " and \(ids.count - 3) more" : "")
    return ids.count == 1 ? "\(shown) differs" : "\(shown) differ"
  }

  /// The disruption that users may notice when these elements change under running services.
  private static func disruption(
    _ differences: [CIBDifference], _ goal: CIBGoal, _ actual: Actual, _ activeHead: HostID
  ) -> Step.Disruption {
    // Nothing runs yet, or runs already and is adopted as it is.
    guard !actual.cib.managed.isEmpty else { return .none }
    var worst = Step.Disruption.none
    for difference in differences where !isOnlyForStarts(difference, goal, actual) {
      switch difference.element {
      case "primitive" where difference.restarts, "rsc_colocation", "rsc_order": worst = max(worst, .restart)
      case "rsc_location" where difference.change != .removed:
        // A preference for the head that is active already moves nothing; a fence device may move unnoticed.
        let wanted = goal.elements.first { $0.id == difference.id }.flatMap { try? XMLElement(parsing: $0.xml) }
        // A rule on carriers moves nothing while all heads have theirs.
        if wanted?.first("rule") != nil { continue }
        if wanted?["score"] != "-INFINITY", wanted?["node"] != activeHead.name { worst = max(worst, .failover) }
      default: break
      }
    }
    return worst
  }

  /// A constraint that comes or goes whose score is less than that of staying where it is.
  private static func isOnlyForStarts(_ difference: CIBDifference, _ goal: CIBGoal, _ actual: Actual) -> Bool {
    guard difference.change != .changed else { return false }
    let element =
      goal.elements.first { $0.id == difference.id }.flatMap { try? XMLElement(parsing: $0.xml) }
      ?? actual.cib.element(difference.id, in: .constraints)
    guard let score = element?["score"].flatMap({ Int($0) }) else { return false }
    return abs(score) < PacemakerElements.stickiness
  }

  /// The CIB of a cluster that has just been made.
  private static let empty = CIBDocument(
    root: XMLElement("cib", children: [.element(XMLElement("configuration"))]))
}
