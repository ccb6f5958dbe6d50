// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension PackagesKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    var drafts: [StepDraft] = []
    let missing = desired.names.filter { actual?.installed[$0] == nil }
    if !missing.isEmpty {
      drafts.append(
        StepDraft(
          "install", on: id.onlyHost, .ensurePackages(missing), because: "not installed: " + counted(missing),
          changes: missing.map { "+ \($0)" }))
    }
    return drafts
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    let names = actual.installed.keys.sorted()
    return [
      StepDraft(
        "remove", on: id.onlyHost, .ensurePackagesAbsent(names),
        because: "nothing in the spec asks for \(counted(names)) now", changes: names.map { "- \($0)" })
    ]
  }

  private static func counted(_ names: [String]) -> String {
    names.count <= 3 ? names.joined(separator: ", ") : "\(names.count) packages"
  }
}
