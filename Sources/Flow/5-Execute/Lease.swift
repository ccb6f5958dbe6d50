// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The right to change hosts, held on every head that answers: two runs at once would undo each other's work.
///
/// A head that does not answer when the run begins is claimed before the first step on it. Each head itself refuses
/// steps of a generation older than the newest that it has seen, so a run that lost its lease can do no harm.
actor Lease<C: Clock> where C.Duration == Duration {
  let token: RunToken
  private let hosts: [HostID: any Host]
  private let clock: C
  private var claimed: Set<HostID> = []

  private init(_ token: RunToken, _ hosts: [HostID: any Host], _ clock: C) {
    self.token = token
    self.hosts = hosts
    self.clock = clock
  }

  /// Claims all heads that answer, with a generation newer than any of them has seen.
  ///
  /// - Parameter life: whether the run that holds a lease is known to have ended without giving it back.
  static func acquire(
    run: String, holder: String, policy: ExecutionPolicy, above generation: Int, on hosts: [HostID: any Host],
    clock: C, life: @Sendable (RunToken) -> LeaseHolder.Life
  ) async throws(ExecutionError) -> Lease {
    var newest = generation
    var reachable: [HostID] = []
    var silent: AgentError?
    for (id, host) in hosts.sorted(by: { $0.key < $1.key }) {
      do throws(AgentError) {
        let state = try await host.lease()
        if let other = state.holder {
          let life = life(other)
          if life != .dead, let holder = LeaseHolder(state, on: id, life: life) { throw holder.error }
          try await host.release(other)
        }
        newest = max(newest, state.newestGeneration)
        reachable.append(id)
      } catch {
        if !error.concernsTheWay { throw .lease(error) }
        silent = error
      }
    }
    if reachable.isEmpty { throw .lease(silent ?? .noHosts) }
    let token = RunToken(
      run: run, generation: newest + 1, holder: holder, leaseSeconds: policy.leaseSeconds,
      confirmSeconds: policy.confirmSeconds)
    let lease = Lease(token, hosts, clock)
    // One after the other, always in the same order: of two runs that begin together, one wins.
    for id in reachable {
      do throws(AgentError) { try await lease.claim(id) } catch {
        _ = await lease.release()
        throw .lease(error)
      }
    }
    return lease
  }

  /// Claims a host that could not be claimed when the run began. Costs nothing when it was.
  func ensure(_ host: HostID) async throws(AgentError) {
    if !claimed.contains(host) { try await claim(host) }
  }

  func claim(_ id: HostID) async throws(AgentError) {
    guard let host = hosts[id] else { throw .noWay(to: id) }
    try await answering(id) { [token] () throws(AgentError) in try await host.claim(token) }
    claimed.insert(id)
  }

  /// Claims again wherever it is held. Gives what went wrong, by host.
  func renew() async -> [HostID: AgentError] {
    await onAllClaimed { (lease, id, _) throws(AgentError) in try await lease.claim(id) }
  }

  /// Gives it back. A head that cannot be told lets it run out by itself; gives those heads.
  func release() async -> [HostID: AgentError] {
    let token = token
    let troubles = await onAllClaimed { (lease, id, host) throws(AgentError) in
      try await lease.answering(id) { () throws(AgentError) in try await host.release(token) }
    }
    claimed = []
    return troubles
  }

  /// On all at once: a head that hangs must not keep the others from being renewed in time.
  private func onAllClaimed(
    _ work: @escaping @Sendable (Lease, HostID, any Host) async throws(AgentError) -> Void
  ) async -> [HostID: AgentError] {
    await withTaskGroup(of: (HostID, AgentError?).self) { group in
      for id in claimed.sorted() {
        guard let host = hosts[id] else { continue }
        group.addTask {
          do throws(AgentError) { try await work(self, id, host) } catch { return (id, error) }
          return (id, nil)
        }
      }
      var troubles: [HostID: AgentError] = [:]
      for await (id, error) in group { troubles[id] = error }
      return troubles
    }
  }

  /// Waits for a head a third of the lease, which leaves time to try again before it ends.
  private func answering(
    _ id: HostID, _ work: @escaping @Sendable () async throws(AgentError) -> Void
  ) async throws(AgentError) {
    let limit = Duration.seconds(token.leaseSeconds) / 3
    try await withDeadline(
      limit, clock: clock,
      orThrow: AgentError(
        .deadline, "\(id) did not answer within \(limit)",
        next: "Look whether \(id) is overloaded or its disk is stuck."),
      work)
  }
}

extension AgentError {
  static let noHosts = AgentError(
    .unreachable, "there is no head to work on", next: "Name at least one head in the spec.")

  static func noWay(to host: HostID) -> AgentError {
    AgentError(.unreachable, "there is no way to \(host)", next: "Name \(host) in the spec, with an address.")
  }

  /// About the way to the host, not about what was asked of it.
  fileprivate var concernsTheWay: Bool {
    switch code {
    case .unreachable, .connectionLost, .authentication, .hostKey, .protocolMismatch, .deadline: true
    default: false
    }
  }

  /// May be gone a moment later.
  var isTransient: Bool { code == .unreachable || code == .connectionLost }
}
