// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Synchronization

/// The right to change hosts: two runs at once would undo each other's work.
///
/// A run acts only while it holds the lease of every head on which another run could be at work. A head that does not
/// answer is left out only when others know that nothing can be at work there (`Absence`); it is claimed before the
/// first step on it. Each head itself refuses steps of a generation older than the newest that it has seen.
actor Lease<C: Clock> where C.Duration == Duration {
  private nonisolated let current: Mutex<RunToken>
  /// That of the round that is at work.
  nonisolated var token: RunToken { current.withLock { $0 } }
  private var hasBegun = false
  let hosts: [HostID: any ManagedHost]
  let clock: C
  private let absent: AbsentHeads<C>
  private var claimed: Set<HostID>

  /// - Parameter claimed: hosts that the token has claimed already.
  init(
    _ token: RunToken, _ hosts: [HostID: any ManagedHost], _ absent: AbsentHeads<C>, _ clock: C,
    claimed: Set<HostID> = []
  ) {
    current = Mutex(token)
    self.claimed = claimed
    self.hosts = hosts
    self.absent = absent
    self.clock = clock
  }

  /// Begins a round. Each after the first is claimed under a name and a generation of its own, without the lease being
  /// given back in between.
  func beginRound() async throws(AgentError) {
    if !hasBegun {
      hasBegun = true
      return
    }
    current.withLock { $0 = $0.next }
    for id in claimed.sorted() {
      // One that cannot be reached now is claimed when it renews, or with its first step.
      do throws(AgentError) { try await claim(id) } catch { if !error.concernsTheConnection { throw error } }
    }
  }

  /// Claims a host that could not be claimed when the run began. Costs nothing when it was.
  func ensure(_ host: HostID) async throws(AgentError) {
    if !claimed.contains(host) { try await claim(host) }
  }

  func claim(_ id: HostID) async throws(AgentError) {
    guard let host = hosts[id] else { throw .noConnection(to: id) }
    do throws(AgentError) {
      try await answering(id) { [token] () throws(AgentError) in try await host.claim(token) }
    } catch {
      // The host does not know what it is called here, nor since when the other run has been at work.
      guard error.code == .leaseHeld, let state = try? await state(of: id),
        let holder = LeaseHolder(state, on: id, life: .unknown), holder.token.run != token.run
      else { throw error }
      throw holder.error
    }
    claimed.insert(id)
  }

  /// Claims a host again that has let the lease run out, for instance because it was booted or this machine slept.
  ///
  /// Meanwhile another run may have begun on the other heads, without this one. Nobody else is at work only when each
  /// of them can be claimed too, or nothing can be at work there.
  func regain(_ id: HostID) async throws(AgentError) {
    try await claim(id)
    for other in hosts.keys.sorted() where other != id {
      do throws(AgentError) { try await claim(other) } catch {
        guard error.concernsTheConnection else { throw error }
        if case .mayHold(let why) = await absent.judge(other, by: claimed.subtracting([other])) {
          throw AgentError(
            .leaseHeld,
            "the lease of \(id) ran out, and another run may have begun on \(other): \(why)",
            cause: error.description, next: "Check `cluster log`, then plan and apply again.")
        }
      }
    }
  }

  /// Claims again wherever it is held. Gives what went wrong, by host.
  func renew() async -> [HostID: AgentError] {
    await onAllClaimed { (lease, id, _) throws(AgentError) in
      guard try await lease.state(of: id).holder?.run == lease.token.run else { return try await lease.regain(id) }
      try await lease.claim(id)
    }
  }

  /// Gives it back. A head that cannot be told lets it run out by itself; gives those heads.
  @discardableResult
  func release() async -> [HostID: AgentError] {
    let token = token
    let troubles = await onAllClaimed { (lease, id, host) throws(AgentError) in
      try await lease.answering(id) { () throws(AgentError) in try await host.release(token) }
    }
    claimed = []
    return troubles
  }

  private func state(of id: HostID) async throws(AgentError) -> LeaseState {
    guard let host = hosts[id] else { throw .noConnection(to: id) }
    return try await withDeadline(Duration.seconds(token.leaseSeconds) / 3, clock: clock, orThrow: .slow(id)) {
      () throws(AgentError) in try await host.lease()
    }
  }

  /// On all at once: a head that hangs must not keep the others from being renewed in time.
  private func onAllClaimed(
    _ work: @escaping @Sendable (Lease, HostID, any ManagedHost) async throws(AgentError) -> Void
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
    try await withDeadline(Duration.seconds(token.leaseSeconds) / 3, clock: clock, orThrow: .slow(id), work)
  }
}

extension AgentError {
  static let noHosts = AgentError(
    .unreachable, "there is no head to work on", next: "Describe at least one head in the spec.")

  static func noConnection(to host: HostID) -> AgentError {
    AgentError(.unreachable, "there is no way to \(host)", next: "Describe \(host) in the spec, with an address.")
  }

  static func slow(_ host: HostID) -> AgentError {
    AgentError(
      .deadline, "\(host) did not answer in time", next: "Check whether \(host) is overloaded or its disk hangs.")
  }

  /// About the way to the host, not about what was asked of it.
  var concernsTheConnection: Bool {
    switch code {
    case .unreachable, .connectionLost, .authentication, .hostKey, .protocolMismatch, .deadline: true
    default: false
    }
  }

  /// May be gone a moment later.
  var isTransient: Bool { code == .unreachable || code == .connectionLost }
}
