// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// An account of a host, and who has the numbers that it is to have.
package struct SystemUserProbe: Probe {
  package typealias Answer = SystemUserState

  package static let name = "systemUser"

  package let user: SystemUser
  package init(_ user: SystemUser) { self.user = user }

  package var words: String { "account \(user.name)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ state: SystemUserState, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("accounts", explained(state, nodes))]
  }

  package func explained(_ state: SystemUserState, _ nodes: NodeNames) -> [String] {
    guard let uid = state.uid else { return ["\(user.name) absent"] }
    return ["\(user.name) \(uid):\(state.gid.map(String.init) ?? "-")"]
  }
}

/// The entries of passwd(5) and group(5) that an account would have, or that are in its way.
package struct SystemUserState: Hashable, Codable, Sendable {
  /// Its number. Nil: there is no such account.
  package var uid: Int?
  /// The number of the group with its name. Nil: there is no such group.
  package var gid: Int?
  /// Another account with the number that it is to have.
  package var uidOwner: String?
  /// Another group with the number that its group is to have.
  package var gidOwner: String?

  package init(uid: Int? = nil, gid: Int? = nil, uidOwner: String? = nil, gidOwner: String? = nil) {
    self.uid = uid
    self.gid = gid
    self.uidOwner = uidOwner
    self.gidOwner = gidOwner
  }

  /// The reason why an account cannot be made, or is not the wanted one.
  package func conflict(with user: SystemUser, on host: HostID?) -> AgentError? {
    let place = host.map { "on \($0)" } ?? "here"
    let next =
      "Stop its daemon there, then give it \(user.uid):\(user.gid): `groupmod --gid \(user.gid) \(user.name)`, "
      + "`usermod --uid \(user.uid) --gid \(user.gid) \(user.name)`, and chown(1) what was its own. Then apply again."
    if let uid, uid != user.uid {
      return AgentError(
        .conflict, "The account \(user.name) has the number \(uid) \(place), and \(user.uid) on other machines",
        next: next)
    }
    if let gid, gid != user.gid {
      return AgentError(
        .conflict, "The group \(user.name) has the number \(gid) \(place), and \(user.gid) on other machines",
        next: next)
    }
    if let other = uidOwner ?? gidOwner {
      return AgentError(
        .conflict, "\(other) has the number that \(user.name) is to have \(place), \(user.uid):\(user.gid)",
        next: "Give \(other) another number there, or give \(user.name) another one in its package set.")
    }
    return nil
  }
}

/// Makes an account of a daemon, and its group. One that is there with other numbers is left as it is.
package struct EnsureSystemUser: GoalOperation {
  package static let name = "ensureSystemUser"

  package let goal: SystemUser
  package init(_ goal: SystemUser) { self.goal = goal }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [.account(host, goal.name)] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { false }

  package var timing: OperationTiming {
    // Maintainer scripts of packages make accounts too, and they all take one lock: useradd(8).
    OperationTiming(expectedSeconds: 0.3, varies: false, deadline: .seconds(60), lane: "packages")
  }
  package var expectation: Expectation? { nil }

  package var target: String { goal.name }
  package func title(verb: String, machines: String) -> String { "make the account \(goal.name)" }
  package var counting: CountingWords { CountingWords("make", "account", "accounts") }
  package var undoing: String { "an account stays: files may belong to it." }
}
