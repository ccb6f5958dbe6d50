// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The signatures of what nodes boot, on one head, and the boot loaders that check them. Each head makes its own with
/// the same key, so whichever answers a node is believed.
///
/// - Absent, of other scripts, of another key, of another GRUB, or changed by hand: made anew.
/// - Removal takes all of them away, after dnsmasq has stopped to name them.
package enum BootSignaturesKind: ResourceKind {
  package static let name = "boot-signatures"
  package static let removalRank = 25

  package struct Desired: DesiredState {
    package var goal: BootSignaturesGoal

    package init(_ goal: BootSignaturesGoal) { self.goal = goal }
  }

  package static func id(on host: HostID) -> ResourceID { ResourceID(name, on: host, "all") }
}

extension BootSignaturesKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, BootSignaturesProbe(desired.goal.key))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> BootSignaturesState? {
    try answers.answer(id.onlyHost, BootSignaturesProbe(desired.goal.key)) ?? nil
  }

  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    EnsureBootSigned(desired.goal).claims(on: id.onlyHost)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: BootSignaturesState?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    // A head that is installed in this round fetches its images in the next one: see `ImageKind`.
    guard context.answers.isReachable(id.onlyHost), let because = reason(id.onlyHost, desired.goal, actual) else {
      return []
    }
    let previous = actual == nil ? nil : (context.previous as? Desired)?.goal
    return [
      StepDraft(
        "sign", on: id.onlyHost, EnsureBootSigned(desired.goal), because: because,
        changes: changes(from: previous, to: desired.goal))
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: BootSignaturesState, _ context: PlanContext
  ) -> [StepDraft] {
    [
      StepDraft(
        "remove", on: id.onlyHost, EnsureBootSignedAbsent(), because: "the spec does not ask for signed boot now")
    ]
  }

  private static func reason(_ head: HostID, _ goal: BootSignaturesGoal, _ actual: BootSignaturesState?) -> String? {
    guard let actual else { return "\(head) has signed nothing" }
    if !actual.isOfKey { return "the signatures are of another \(goal.key)" }
    if actual.goal != goal.digest { return "the signatures are of other scripts" }
    if !actual.isOfLoader { return "another GRUB is installed" }
    return actual.isIntact ? nil : "the signatures are not as they were written"
  }

  private static func changes(from previous: BootSignaturesGoal?, to goal: BootSignaturesGoal) -> [String] {
    let before = previous?.scripts ?? [:]
    let (new, gone) = (
      goal.scripts.filter { before[$0.key] != $0.value }.count, before.filter { goal.scripts[$0.key] == nil }.count
    )
    var lines: [String] = []
    if new > 0 { lines.append("+ signatures of \(new) \(new == 1 ? "script" : "scripts")") }
    if gone > 0 { lines.append("- signatures of \(gone) \(gone == 1 ? "script" : "scripts")") }
    for loader in goal.loaders where previous?.loaders.contains(loader) != true {
      lines += SignedBoot.Loader.allCases.map { "+ \(loader.name).\($0.rawValue): GRUB for \($0.format)" }
    }
    return lines
  }
}
