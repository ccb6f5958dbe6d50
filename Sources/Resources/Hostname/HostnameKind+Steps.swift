// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension HostnameKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    if actual?.hostname == desired.hostname { return [] }
    return [
      StepDraft(
        "set", on: id.onlyHost, .ensureHostname(desired.hostname),
        because: actual.map { "the host calls itself \($0.hostname)" } ?? "the host has no name yet",
        changes: ["\(actual?.hostname ?? "") -> \(desired.hostname)"])
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] { [] }
}
