// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureSystemUser: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let found = try AccountFiles().state(of: goal)
    if let problem = found.conflict(with: goal, on: nil) { throw problem }
    if found.uid != nil { return Outcome(changed: false, detail: "there already, \(goal.uid):\(goal.gid)") }
    let next = "Fix what the program reports, then apply again."
    if found.gid == nil {
      try await Command.checked("groupadd", ["--gid", "\(goal.gid)", "--", goal.name], next: next)
    }
    try await Command.checked(
      "useradd",
      [
        "--uid", "\(goal.uid)", "--gid", "\(goal.gid)", "--home-dir", goal.home, "--no-create-home", "--shell",
        SystemUser.shell, "--no-user-group", "--no-log-init", "--", goal.name,
      ], next: next)
    return Outcome(changed: true, detail: "made \(goal.name), \(goal.uid):\(goal.gid)")
  }
}

extension SystemUserProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> SystemUserState {
    try AccountFiles().state(of: user)
  }
}

/// The host's own accounts: passwd(5) and group(5). Those of a directory are people's.
struct AccountFiles {
  private let users: [(name: String, number: Int, group: Int)]
  private let groups: [(name: String, number: Int)]

  init() throws(AgentError) {
    self.init(passwd: try FileSystem.text("/etc/passwd"), group: try FileSystem.text("/etc/group"))
  }

  init(passwd: String, group: String) {
    func entries(_ text: String) -> [[Substring]] {
      text.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false) }
    }
    users = entries(passwd).compactMap { fields in
      guard fields.count >= 4, let number = Int(fields[2]), let group = Int(fields[3]) else { return nil }
      return (String(fields[0]), number, group)
    }
    groups = entries(group).compactMap { fields in
      guard fields.count >= 3, let number = Int(fields[2]) else { return nil }
      return (String(fields[0]), number)
    }
  }

  func state(of user: SystemUser) -> SystemUserState {
    SystemUserState(
      uid: users.first { $0.name == user.name }?.number, gid: groups.first { $0.name == user.name }?.number,
      uidOwner: users.first { $0.number == user.uid && $0.name != user.name }?.name,
      gidOwner: groups.first { $0.number == user.gid && $0.name != user.name }?.name)
  }
}
