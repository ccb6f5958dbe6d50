// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A file that holds a secret. The plan names the secret and never shows or compares its bytes; the host compares.
///
/// - Absent or different from what the secret store holds: written, with its mode and owner.
/// - Removal takes the file away; there is never a backup of a secret.
package enum SecretFileKind: ResourceKind {
  package static let name = "secret-file"
  package static let removalRank = 20
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    package var file: SecretFileGoal

    package init(_ file: SecretFileGoal) { self.file = file }
  }

  package enum Actual: Hashable, Sendable { case matches, differs }

  package static func id(on host: HostID, _ path: String) -> ResourceID { ResourceID(name, on: host, path) }
}

extension Resource {
  package static func secretFile(
    on host: HostID, _ path: String, _ secret: SecretRef, mode: UInt16 = 0o600, owner: String = "root:root",
    because: String, source: SourceSpan, after: [ResourceID] = []
  ) -> Resource {
    let goal = SecretFileGoal(path: path, secret: secret, mode: mode, owner: owner)
    return Resource(
      SecretFileKind.id(on: host, path), SecretFileKind.Desired(goal), because: because, source: source, after: after)
  }
}

extension SecretFileKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, SecretFileProbe(desired.file.path, desired.file.secret))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    switch try answers.answer(id.onlyHost, SecretFileProbe(desired.file.path, desired.file.secret)) {
    case .absent, nil: nil
    case .matches: .matches
    case .differs: .differs
    }
  }
}

extension SecretFileKind {
  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    EnsureSecretFile(desired.file).claims(on: id.onlyHost)
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
        "write", on: id.onlyHost, EnsureSecretFile(desired.file), because: because,
        changes: ["\(desired.file.secret), redacted: \(actual == nil ? "new" : "changed")"])
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    let path = previous.file.path
    return [
      StepDraft(
        "remove", on: id.onlyHost, EnsureFileAbsent(path: path), because: "nothing in the spec asks for \(path) now",
        changes: ["- \(path)"])
    ]
  }
}
