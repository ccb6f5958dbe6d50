// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// An account of a daemon on one head.
///
/// - Absent: made, with its group, without a home folder, and with a shell that lets nobody in.
/// - There with other numbers, or one of its numbers is somebody else's: nothing is done, and it is told. Files belong
///   to numbers: whoever gave the account another one would give its files to somebody else.
/// - Removal leaves it: files that are its own would belong to nobody, and later to the next account with the number.
package enum SystemUserKind: ResourceKind {
  package static let name = "system-user"
  package static let removalRank = 40

  package struct Desired: DesiredState {
    package var user: SystemUser

    package init(_ user: SystemUser) { self.user = user }
  }

  package typealias Actual = SystemUserState

  package static func id(on host: HostID, _ user: String) -> ResourceID { ResourceID(name, on: host, user) }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, SystemUserProbe(desired.user))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let state = try answers.answer(id.onlyHost, SystemUserProbe(desired.user)) else { return nil }
    if let problem = state.conflict(with: desired.user, on: id.onlyHost) { throw .failed(id.onlyHost, problem) }
    return state.uid == nil ? nil : state
  }

  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    EnsureSystemUser(desired.user).claims(on: id.onlyHost)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    guard actual == nil else { return [] }
    let user = desired.user
    return [
      StepDraft(
        "make", on: id.onlyHost, EnsureSystemUser(user), because: "there is no account \(user.name)",
        changes: ["+ \(user.name) \(user.uid):\(user.gid)"])
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] { [] }
}
