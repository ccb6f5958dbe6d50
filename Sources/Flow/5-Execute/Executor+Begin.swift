// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Executor {
  /// The lease, once nothing of an earlier run waits on a head any more.
  func takeLease(_ run: String, _ holder: String, _ stop: StopSignal) async throws(ExecutionError) -> Lease<C> {
    try await settle()
    let generation = try await journal.newestGeneration()
    let token = RunToken(
      run: run, generation: generation + 1, holder: holder, leaseSeconds: policy.leaseSeconds,
      confirmSeconds: policy.confirmSeconds, process: processes.current)
    let absent = AbsentHeads(
      hosts: hosts, witness: witness, secrets: secrets, without: policy.without, clock: clock, now: now)
    var acquisition = LeaseAcquisition(
      token: token, hosts: hosts, absent: absent, clock: clock, life: try await life(), stop: stop, events: events)
    return try await acquisition.acquire()
  }

  /// Waits until no host has a change that a dead run has left unconfirmed. Best done before planning, because undoing
  /// it changes what is there.
  package func settle() async throws(ExecutionError) {
    let life = try await life()
    for (id, host) in hosts.sorted(by: { $0.key < $1.key }) { try await letSettle(host, id, life) }
  }

  private func life() async throws(ExecutionError) -> @Sendable (RunToken) -> LeaseHolder.Life {
    let suspects = try await journal.unfinished()
    return { [processes] token in
      // One that was killed before it came to its journal is known by its token only.
      guard let suspect = suspects.first(where: { $0.id == token.run }) else { return processes.life(of: token) }
      return processes.hasEnded(suspect) ? .dead : .alive
    }
  }

  /// A run that was killed may have left a change that nobody will confirm: the host undoes it at its time.
  private func letSettle(
    _ host: any Host, _ id: HostID, _ life: @Sendable (RunToken) -> LeaseHolder.Life
  ) async throws(ExecutionError) {
    var end: C.Instant?
    while let change = await abandoned(on: host, life) {
      // The time that undoing itself may take comes on top.
      let limit = Duration.seconds(change.secondsLeft) + policy.undoneWithin
      if end == nil { events?.yield(.waiting(id, change)) }
      let last = end ?? clock.now.advanced(by: limit)
      end = last
      guard clock.now < last else {
        throw .lease(
          AgentError(
            .deadline, "\(id) should have undone \(change.what) of run \(change.run), and has not",
            next: "Check `journalctl --unit 'cluster-undo-*'` on \(id)."))
      }
      try? await clock.sleep(until: clock.now.advanced(by: .seconds(1)), tolerance: nil)
    }
  }

  /// Nil also when the host does not answer, which its first step then meets.
  private func abandoned(
    on host: any Host, _ life: @Sendable (RunToken) -> LeaseHolder.Life
  ) async -> PendingChange? {
    guard let state = try? await host.lease(), let change = state.pending else { return nil }
    // A run that is alive confirms it itself, or is refused by its lease.
    if let holder = state.holder, life(holder) != .dead { return nil }
    return change
  }
}
