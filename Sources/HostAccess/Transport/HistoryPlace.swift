// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A repository that keeps a copy of the record, as git(1) on this machine reaches it.
package struct HistoryPlace: Hashable, Sendable {
  /// Where it is on a head.
  package static let path = "/var/lib/cluster/history.git"

  /// The head's name, or the remote's.
  package var name: String
  /// As git-push(1) takes it.
  package var url: String
  /// The programs that git runs on the other side instead of its own; both nil for an ordinary remote.
  package var receive: String?
  package var send: String?
  /// Settings of git's for this place alone: `core.sshCommand=…`.
  package var settings: [String]

  package init(
    name: String, url: String, receive: String? = nil, send: String? = nil, settings: [String] = []
  ) {
    self.name = name
    self.url = url
    self.receive = receive
    self.send = send
    self.settings = settings
  }
}

/// A host that keeps a copy of the record. How it is reached may be known only when it is needed.
package protocol HistoryKeeper: Sendable {
  func historyPlace() async throws(AgentError) -> HistoryPlace
}

extension SSHHost: HistoryKeeper {
  /// The copy that this head keeps. The agent there looks after it, so it must have been copied to the host before.
  package func historyPlace() async throws(AgentError) -> HistoryPlace {
    let agent = try await agentOnHost()
    let route = try await currentRoute()
    // git gives this to a shell, which has to see each word as one.
    let ssh = (["ssh"] + route.options).map(Command.shellWord).joined(separator: " ")
    func program(_ verb: String) -> String { route.asRoot([agent, verb]).joined(separator: " ") }
    return HistoryPlace(
      name: id.name, url: "ssh://\(route.target)\(HistoryPlace.path)", receive: program("receive-history"),
      send: program("send-history"), settings: ["core.sshCommand=\(ssh)", "ssh.variant=ssh"])
  }
}
