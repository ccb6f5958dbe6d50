// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The agent on another machine, over the system's ssh(1).
///
/// It connects when it is first asked, once for all calls; after the connection was lost, the next call connects anew.
/// A machine that was cut off or restarted says nothing of it: what may be asked twice is asked again then.
package actor SSHHost: ManagedHost {
  package nonisolated let id: HostID
  private let program: SSHProgram
  private let formerHostName: @Sendable () -> String?
  private let otherHostNames: [String]
  private let voucher: @Sendable () async -> String?
  private let agent: AgentBinary
  private let blobs: [String: LocalBlob]
  private var attempt: (number: Int, task: Task<Result<SSHConnection, AgentError>, Never>)?
  private var attempts = 0
  private var isClosed = false
  /// The host was told to take the address that the description gives it.
  private var hasMoved = false
  /// The one that a connection stood over last.
  private var route: SSHProgram?

  /// - Parameters:
  ///   - target: the host as ssh_config(5) knows it.
  ///   - hostName: its address, where the configuration does not say it.
  ///   - formerHostName: the address that it was left with, which may be another one. Asked for each connection.
  ///   - otherHostNames: its addresses on other networks, for when nobody answers at that one.
  ///   - voucher: gives the host's key, `ssh-ed25519 AA…`, as another host says it that is known and has made it. It is
  ///     asked when ssh does not know the key that the host shows, or knows another.
  ///   - configuration: ssh's `-F`; nil is the user's own.
  ///   - agent: the path of the agent's program on this machine.
  ///   - catalog: what can be asked of it.
  ///   - runDirectory: a private folder for the connection's socket; made when missing, removed when empty at the end.
  ///   - agentFolder: where the agent lies on the host; a plain path, because a remote shell reads it.
  ///   - blobs: bytes of this machine that operations may need there, by their digests.
  package init(
    id: HostID, target: String, hostName: String?, formerHostName: @escaping @Sendable () -> String? = { nil },
    otherHostNames: [String] = [], voucher: @escaping @Sendable () async -> String? = { nil }, user: String,
    configuration: String?, agent: String, catalog: WireCatalog,
    runDirectory: String,
    agentFolder: String = "/usr/lib/cluster", blobs: [String: LocalBlob] = [:]
  ) {
    self.id = id
    self.formerHostName = formerHostName
    self.otherHostNames = otherHostNames
    self.voucher = voucher
    program = SSHProgram(
      host: id, target: target, hostName: hostName, user: user, configuration: configuration,
      runDirectory: runDirectory, agentFolder: agentFolder)
    self.agent = AgentBinary(path: agent, catalog: catalog)
    self.blobs = blobs
  }

  package func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    try await asking { (agent) async throws(AgentError) in try await agent.answer(probes, secrets: secrets) }
  }

  package func operations() async throws(AgentError) -> Set<String> {
    try await asking { (agent) async throws(AgentError) in try await agent.operations() }
  }

  package func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    let connection = try await connection()
    if operation.lockout.touched?.addresses.contains(where: { "\($0.address)" == program.hostName }) == true {
      // The way that it was asked over says nothing any more.
      (hasMoved, route) = (true, nil)
    }
    if let carried = (operation.base as? any CarryingOperation)?.carried {
      try await BlobCopy(program: currentRoute(), carried: carried, sources: blobs, progress: progress).copy()
    }
    return try await connection.perform(operation, secrets: secrets, run: run, progress: progress)
  }

  package func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    try checkOpen()
    let routes = try await routes()
    let confirmation = Confirming(agent: agent, change: change, run: run)
    guard hasMoved, let former = routes.former, let moved = routes.moved else {
      return try await SSHRoutes.first(of: ordered(routes)) { (route) async throws(AgentError) in
        try await confirmation.confirm(over: route)
      }
    }
    do throws(AgentError) {
      return try await SSHRoutes.first(of: [moved, routes.described]) { (route) async throws(AgentError) in
        let outcome = try await confirmation.confirm(over: route)
        return route == moved ? await Self.telling(of: route, formerly: former, outcome) : outcome
      }
    } catch {
      // Nobody has answered there. Whether that is so because it was undone, the former address tells; and where that
      // says nothing either, the first error counts.
      guard !error.isHostsOwn, (try? await confirmation.isOver(over: former)) == true else { throw error }
      return try await confirmation.confirm(over: former)
    }
  }

  /// ssh is told that the host is known at another address now. It has moved, whether that can be written down or not.
  private static func telling(of route: SSHProgram, formerly former: SSHProgram, _ outcome: Outcome) async -> Outcome {
    guard let address = route.hostName, let before = former.hostName else { return outcome }
    do throws(AgentError) {
      try await SSHKnownHosts(route).learn(address, from: before)
      return outcome
    } catch {
      var outcome = outcome
      outcome.detail += "; ssh does not know its key at \(address), accept it once: \(error)"
      return outcome
    }
  }

  package func lease() async throws(AgentError) -> LeaseState {
    try await asking { (agent) async throws(AgentError) in try await agent.lease() }
  }

  package func claim(_ run: RunToken) async throws(AgentError) {
    try await asking { (agent) async throws(AgentError) in try await agent.claim(run) }
  }

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

  /// How the host is reached: as it was last, or as it is tried first.
  func currentRoute() async throws(AgentError) -> SSHProgram {
    if let route { return route }
    return try await ordered(routes())[0]
  }

  private func routes() async throws(AgentError) -> SSHRoutes { try await SSHRoutes(program, former: formerHostName()) }

  /// All ways in the order in which they are tried: first the one that worked last, on whichever network.
  private func ordered(_ routes: SSHRoutes) -> [SSHProgram] {
    let all = [route].compactMap(\.self).filter(\.isOtherAddress) + routes.all(hasMoved: hasMoved)
    return all.filter { $0 == route } + all.filter { $0 != route }
  }

  private func open() async -> Result<SSHConnection, AgentError> {
    do throws(AgentError) {
      let connection = try await openVouched(ordered(routes()))
      route = connection.program
      return .success(connection)
    } catch { return .failure(error) }
  }

  /// A host that was installed from another one has a key which that one made. ssh learns it from there, and from
  /// nobody who just shows one.
  private func openVouched(_ routes: [SSHProgram]) async throws(AgentError) -> SSHConnection {
    do throws(AgentError) { return try await open(routes) } catch {
      guard error.code == .hostKey, let key = await voucher(),
        try await SSHKnownHosts(program).learn(key, of: routes)
      else { throw error }
      return try await open(routes)
    }
  }

  private func open(_ routes: [SSHProgram]) async throws(AgentError) -> SSHConnection {
    let unreachable: AgentError
    do throws(AgentError) {
      return try await SSHRoutes.first(of: routes) { [agent] (route) async throws(AgentError) in
        try await SSHConnection.open(route, agent).get()
      }
    } catch {
      guard error.code == .unreachable, !otherHostNames.isEmpty else { throw error }
      unreachable = error
    }
    let others = try await SSHOtherAddresses(program, otherHostNames, tried: routes.compactMap(\.hostName))
    guard let route = await others.firstToAnswer() else { throw others.explain(unreachable) }
    return try await SSHConnection.open(route, agent).get()
  }

  /// Asks over the connection that is there, and once more over a new one when it turns out to be dead.
  private func asking<Answer: Sendable>(
    _ question: @Sendable (AgentConnection) async throws(AgentError) -> Answer
  ) async throws(AgentError) -> Answer {
    let isNew = attempt == nil
    let connection = try await connection()
    do throws(AgentError) { return try await question(connection) } catch {
      guard error.code == .connectionLost, !isNew, !isClosed, let other = try? await self.connection() else {
        throw error
      }
      return try await question(other)
    }
  }

  /// The connection that is there, the one being made, or a new one.
  private func connection() async throws(AgentError) -> AgentConnection {
    while true {
      try checkOpen()
      let current: (number: Int, task: Task<Result<SSHConnection, AgentError>, Never>)
      if let attempt {
        current = attempt
      } else {
        attempts += 1
        let number = attempts
        current = (number, Task { await self.open() })
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

/// Questions to a host over connections that are made for them.
private struct Confirming: Sendable {
  let agent: AgentBinary
  let change: PendingChange.ID
  let run: RunToken

  func confirm(over route: SSHProgram) async throws(AgentError) -> Outcome {
    try await SSHConnection.alone(route, agent) { (connection) async throws(AgentError) in
      try await connection.confirm(change, run: run)
    }
  }

  /// Whether the host has undone it, or never began it. Asked over a way that says nothing about the change.
  func isOver(over route: SSHProgram) async throws(AgentError) -> Bool {
    try await SSHConnection.alone(route, agent) { (connection) async throws(AgentError) in
      try await connection.lease().pending?.id != change
    }
  }
}
