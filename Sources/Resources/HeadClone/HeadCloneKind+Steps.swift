// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension HeadCloneKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let head = desired.goal.head
    switch actual {
    // One that has left is not wanted.
    case .running, .left: return []
    case .off:
      return [
        StepDraft(
          "power-on", on: desired.primary, .ensurePower(desired.goal.bmc, .on), because: "\(head) is switched off")
      ]
    case nil:
      return [
        StepDraft(
          "capture", on: desired.primary, .ensureCapture(desired.capture),
          because: "\(head) is installed from \(desired.primary)'s own root",
          changes: ["left out: identity, passwords, keys, secrets, logs, caches"]),
        StepDraft(
          "install", on: desired.primary, .ensureClone(desired.goal),
          because: "\(head) does not answer and was never installed from here",
          changes: [
            "overwrite \(head)'s disk" + (desired.wipe ? ", whatever is on it" : "; refused when it is not empty"),
            "power-cycle \(head) through its BMC at \(desired.goal.bmc.address)",
          ] + desired.goal.identity.keys.sorted().map { "+ \($0)" }, destructive: true),
      ]
    }
  }

  /// A head that the spec drops is not erased: it is somebody's machine. One that is only no clone any more is still
  /// the one that was installed.
  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    guard actual == .left else { return [] }
    let (head, primary) = (previous.goal.head, previous.primary)
    return [
      StepDraft(
        "forget", on: primary, .ensureCloneAbsent(head: head),
        because: "\(head) leaves: a machine that is described later by this name is another one, and is installed",
        changes: ["- the note of \(primary) that it has installed \(head)", "- the capture of \(primary) for \(head)"])
    ]
  }
}
