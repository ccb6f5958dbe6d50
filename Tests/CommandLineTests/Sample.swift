// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Wings

/// Steps and reports to show.
enum Sample {
  static let silent = AgentError(
    .unreachable, "head1 cannot be reached over SSH", cause: "line one\nline two", next: "Switch it on.")

  static func step(_ resource: String, _ operation: AnyOperation) -> Step {
    Step(
      id: StepID(resource), resource: ResourceID("sample", on: "head1", resource), host: "head1", operation: operation,
      after: [], disruption: .none, because: "a test", source: nil, changes: [], destructive: false)
  }

  static func file(_ name: String) -> Step {
    step(
      "file@head1:/etc/\(name)/write", AnyOperation(EnsureFile(FileGoal(path: "/etc/\(name)", contents: .text(name)))))
  }

  static let image = step(
    "image@head1:compute/build",
    AnyOperation(
      EnsureImage(
        ImageRecipe(
          name: "compute", suite: "bookworm", mirror: nil, proxy: nil, kernel: "linux", packages: [], overlays: [],
          finish: []))))

  static func node(_ number: Int) -> Step {
    let goal = NodeGoal(
      node: HostID("node00\(number)"), mac: MACAddress(bits: UInt64(number)), bmc: nil, image: "compute/d",
      restart: true,
      deadlineSeconds: 60)
    return step("node@head1:node00\(number)/boot", AnyOperation(EnsureNode(goal)))
  }

  static func done(_ step: Step, _ seconds: Double) -> StepReport {
    StepReport(
      step: step.id, host: step.host, result: .done(Outcome(changed: true, detail: "done as asked")), startedAt: 0,
      seconds: seconds, attempts: 1)
  }

  static func failed(_ step: Step) -> StepReport {
    StepReport(
      step: step.id, host: step.host, result: .failed(AgentError(.diskFull, "The disk is full", next: "Make room.")),
      startedAt: 0, seconds: 0.2, attempts: 1)
  }

  static func blocked(_ step: Step, by other: Step) -> StepReport {
    StepReport(
      step: step.id, host: step.host, result: .blocked(by: other.id), startedAt: nil, seconds: 0, attempts: 0)
  }
}
