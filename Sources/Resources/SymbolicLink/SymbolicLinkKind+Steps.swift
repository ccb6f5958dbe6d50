// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension SymbolicLinkKind {
  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    Operation.ensureSymbolicLink(path: desired.path, target: desired.target).claims(on: id.onlyHost)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let (path, target) = (desired.path, desired.target)
    if actual == .link(target: target) { return [] }
    return [
      StepDraft(
        "link", on: id.onlyHost, .ensureSymbolicLink(path: path, target: target),
        because: reason(path, actual), changes: ["\(before(actual))-> \(target)"])
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    let path = previous.path
    return [
      StepDraft(
        "remove", on: id.onlyHost, .ensureFileAbsent(path: path), because: "nothing in the spec asks for \(path) now",
        changes: ["- \(path)"])
    ]
  }

  private static func reason(_ path: String, _ actual: Actual?) -> String {
    switch actual {
    case nil: "\(path) does not exist"
    case .link(let target): "\(path) is a link to \(target)"
    case .file: "\(path) is a file"
    case .other(let what): "\(path) is a \(what)"
    }
  }

  private static func before(_ actual: Actual?) -> String {
    if case .link(let target) = actual { "\(target) " } else { "" }
  }
}
