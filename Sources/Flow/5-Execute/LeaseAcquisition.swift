// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// How a run comes to its lease: on every head, but for those on which nothing can be at work.
///
/// A head that does not answer at once is waited for, as long as a lease lasts, while those that answered are held. Of
/// two runs that see different heads only, each thus sees that the other's head is alive, and neither begins.
struct LeaseAcquisition<C: Clock>: Sendable where C.Duration == Duration {
  /// Its generation rises above what the hosts have seen.
  var token: RunToken
  let hosts: [HostID: any ManagedHost]
  let absent: AbsentHeads<C>
  let clock: C
  /// Whether the run that holds a lease is known to have ended without giving it back.
  let life: @Sendable (RunToken) -> LeaseHolder.Life
  let stop: StopSignal
  let events: AsyncStream<RunEvent>.Continuation?

  /// Since when others have said of a head that it has left.
  private var gone: [HostID: C.Instant] = [:]
  private var told: Set<HostID> = []
  /// Heads that may hold the lease for this run by now.
  private var held: Set<HostID> = []

  init(
    token: RunToken, hosts: [HostID: any ManagedHost], absent: AbsentHeads<C>, clock: C,
    life: @escaping @Sendable (RunToken) -> LeaseHolder.Life, stop: StopSignal,
    events: AsyncStream<RunEvent>.Continuation?
  ) {
    self.token = token
    self.hosts = hosts
    self.absent = absent
    self.clock = clock
    self.life = life
    self.stop = stop
    self.events = events
  }

  private var term: Duration { .seconds(token.leaseSeconds) }

  mutating func acquire() async throws(ExecutionError) -> Lease<C> {
    do throws(AgentError) { return try await waiting() } catch {
      await Lease(token, hosts, absent, clock, claimed: held).release()
      throw .lease(error)
    }
  }

  private mutating func waiting() async throws(AgentError) -> Lease<C> {
    // Longer than anybody is waited for who has left, and long enough for a head that was being booted.
    let end = clock.now.advanced(by: term + term / 2)
    while true {
      let (lease, silent) = try await claimAll()
      if try await mayBegin(without: silent, until: end) {
        for id in silent.keys.sorted() { events?.yield(.without(id)) }
        return lease
      }
      try? await clock.sleep(until: clock.now.advanced(by: .seconds(2)), tolerance: nil)
    }
  }

  /// Claims all heads that answer, with a generation newer than any of them has seen. Gives the others, with why.
  ///
  /// Asked again, it renews those that it holds already.
  private mutating func claimAll() async throws(AgentError) -> (Lease<C>, silent: [HostID: AgentError]) {
    var silent: [HostID: AgentError] = [:]
    for (id, host) in hosts.sorted(by: { $0.key < $1.key }) {
      do throws(AgentError) { try await look(at: host, id) } catch {
        if !error.concernsTheConnection { throw error }
        silent[id] = error
      }
    }
    if silent.count == hosts.count { throw silent.min { $0.key < $1.key }?.value ?? .noHosts }
    let lease = Lease(token, hosts, absent, clock)
    // One after the other, always in the same order: of two runs that begin together, one wins.
    for id in hosts.keys.sorted() where silent[id] == nil {
      // Also when its answer is lost.
      held.insert(id)
      do throws(AgentError) { try await lease.claim(id) } catch {
        if !error.concernsTheConnection { throw error }
        silent[id] = error
      }
    }
    return (lease, silent)
  }

  /// Refused while another run that may be alive holds the head.
  private mutating func look(at host: any ManagedHost, _ id: HostID) async throws(AgentError) {
    let state = try await withDeadline(term / 3, clock: clock, orThrow: .slow(id)) { () throws(AgentError) in
      try await host.lease()
    }
    if let other = state.holder, other.run != token.run {
      let life = life(other)
      if life != .dead, let holder = LeaseHolder(state, on: id, life: life) { throw holder.error }
      try await host.release(other)
    }
    // What this run itself has claimed has its own generation.
    if state.holder?.run != token.run { token.generation = max(token.generation, state.newestGeneration + 1) }
  }

  /// Whether nothing can be at work on the heads that do not answer. Throws when they were waited for long enough.
  private mutating func mayBegin(
    without silent: [HostID: AgentError], until end: C.Instant
  ) async throws(AgentError) -> Bool {
    var reasons: [HostID: String] = [:]
    for id in silent.keys.sorted() {
      switch await absent.judge(id, by: Set(hosts.keys).subtracting(silent.keys)) {
      case .cannotHold: gone[id] = nil
      case .hasLeft:
        let since = gone[id] ?? clock.now
        gone[id] = since
        // What was at work there had a lease, which ends; or an operation, which fencing ends.
        if since.duration(to: clock.now) < term {
          reasons[id] = "it left the cluster just now"
        }
      case .mayHold(let why):
        gone[id] = nil
        reasons[id] = why
      }
    }
    for id in gone.keys where silent[id] == nil { gone[id] = nil }
    guard let (id, why) = reasons.min(by: { $0.key < $1.key }) else { return true }
    let left = clock.now.duration(to: end)
    if stop.reason != nil { throw .stopped(waitingFor: id) }
    if left <= .zero { throw .mayBeAtWork(on: id, why, silent[id]) }
    for id in reasons.keys.sorted() where told.insert(id).inserted {
      if let error = silent[id] { events?.yield(.headSilent(id, error, waitingFor: left)) }
    }
    return false
  }
}

extension AgentError {
  fileprivate static func stopped(waitingFor host: HostID) -> AgentError {
    AgentError(.cancelled, "stopped while it waited for \(host); nothing was begun", next: "Apply again.")
  }

  fileprivate static func mayBeAtWork(on host: HostID, _ why: String, _ error: AgentError?) -> AgentError {
    AgentError(
      .unreachable, "\(host) cannot be asked whether another run is at work there, and it may be: \(why)",
      cause: error?.description,
      next:
        "Restore the connection to \(host), or power it off through its BMC. If you know that it is off: --without-head \(host)."
    )
  }
}
