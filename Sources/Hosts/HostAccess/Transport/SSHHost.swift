// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The agent on another machine, over the system's ssh(1).
///
/// It connects when it is first asked, once for all calls; after the connection was lost, the next call connects anew.
package actor SSHHost: Host {
  package nonisolated let id: HostID
  nonisolated let program: SSHProgram
  private let agent: AgentBinary
  private var attempt: (number: Int, task: Task<Result<SSHConnection, AgentError>, Never>)?
  private var attempts = 0
  private var isClosed = false

  /// - Parameters:
  ///   - target: the host as ssh_config(5) knows it.
  ///   - hostName: its address, where the configuration does not say it.
  ///   - configuration: ssh's `-F`; nil is the user's own.
  ///   - agent: the path of the agent's program on this machine.
  ///   - runDirectory: a private folder for the connection's socket; made when missing, removed when empty at the end.
  ///   - agentFolder: where the agent lies on the host; a plain path, because a remote shell reads it.
  package init(
    id: HostID, target: String, hostName: String?, user: String, configuration: String?, agent: String,
    runDirectory: String, agentFolder: String = "/usr/lib/cluster"
  ) {
    self.id = id
    program = SSHProgram(
      host: id, target: target, hostName: hostName, user: user, configuration: configuration,
      runDirectory: runDirectory, agentFolder: agentFolder)
    self.agent = AgentBinary(path: agent)
  }

  package func answer(_ probes: [Probe], secrets: Secrets) async throws(AgentError) -> [Probe: Answer] {
    try await connection().answer(probes, secrets: secrets)
  }

  package func perform(
    _ operation: Operation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    try await connection().perform(operation, secrets: secrets, run: run, progress: progress)
  }

  package func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    try checkOpen()
    return try await SSHConnection.alone(program, agent) { (connection) async throws(AgentError) in
      try await connection.confirm(change, run: run)
    }
  }

  package func lease() async throws(AgentError) -> LeaseState { try await connection().lease() }
  package func claim(_ run: RunToken) async throws(AgentError) { try await connection().claim(run) }
  package func release(_ run: RunToken) async throws(AgentError) { try await connection().release(run) }

  package func close() async {
    isClosed = true
    let current = attempt
    attempt = nil
    if case .success(let connection) = await current?.task.value { await connection.close() }
    // Also where no connection ever stood; another host's socket may still be in it.
    FileSystem.removeFolderIfEmpty(program.runDirectory)
  }

  private func checkOpen() throws(AgentError) {
    guard isClosed else { return }
    throw AgentError(.connectionLost, "The connection to \(id) was closed", next: "Run the command again.")
  }

  /// Where this version of the agent lies on the host, once it was copied there.
  func agentOnHost() async throws(AgentError) -> String { program.agent(try await agent.digest()) }

  /// The connection that is there, the one being made, or a new one.
  private func connection() async throws(AgentError) -> AgentConnection {
    while true {
      try checkOpen()
      let current: (number: Int, task: Task<Result<SSHConnection, AgentError>, Never>)
      if let attempt {
        current = attempt
      } else {
        attempts += 1
        let (program, agent) = (program, agent)
        current = (attempts, Task { await SSHConnection.open(program, agent) })
        attempt = current
      }
      switch await current.task.value {
      case .success(let connection) where connection.agent.isOpen: return connection.agent
      case .success(let connection):
        // Lost since. Only the first who sees it takes it down.
        guard attempt?.number == current.number else { continue }
        attempt = nil
        await connection.close()
      case .failure(let error):
        if attempt?.number == current.number { attempt = nil }
        throw error
      }
    }
  }
}
