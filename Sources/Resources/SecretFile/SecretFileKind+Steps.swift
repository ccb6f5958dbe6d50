// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension SecretFileKind {
  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    Operation.ensureSecretFile(desired.file).claims(on: id.onlyHost)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let path = desired.file.path
    let because: String
    switch actual {
    case .matches: return []
    case .differs: because = "\(path) does not hold \(desired.file.secret)"
    case nil: because = "\(path) does not exist"
    }
    return [
      StepDraft(
        "write", on: id.onlyHost, .ensureSecretFile(desired.file), because: because,
        changes: ["\(desired.file.secret), redacted: \(actual == nil ? "new" : "changed")"])
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    let path = previous.file.path
    return [
      StepDraft(
        "remove", on: id.onlyHost, .ensureFileAbsent(path: path), because: "nothing in the spec asks for \(path) now",
        changes: ["- \(path)"])
    ]
  }
}
