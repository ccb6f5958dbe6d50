// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator

extension VirtualSite {
  func perform(
    _ process: SimulatedProcess, _ host: HostID, _ operation: AnyOperation, _ secrets: Secrets,
    _ run: RunToken
  ) async throws(AgentError) -> Outcome {
    if process.isKilled { throw .lost(host) }
    tell(.sent(process: process.name, host, operation, run))
    watch {
      $0.changing(process.name, operation.name, host)
      $0.asked(operation, on: host, run)
    }
    return try await ask(process, host) { [self] again, answer in
      tell(.arrived(host, operation, run, again: again))
      let boot = world.boot(of: host)
      take(Work(host: host, operation: operation, secrets: secrets, run: run, boot: boot, answer: answer))
    }
  }

  fileprivate struct Work: Sendable {
    var host: HostID
    var operation: AnyOperation
    var secrets: Secrets
    var run: RunToken
    /// The one that it arrived in: what waits for its turn ends with the machine's power.
    var boot: Int?
    var answer: @Sendable (Reply<Outcome>.Answer?) -> Void
  }

  /// As the agent: the lease is checked first; then, of the very same operation, one is at work at a time.
  private func take(_ work: Work) {
    do throws(AgentError) {
      try alter { (state: inout State) throws(AgentError) in
        var machine = try state.world.machine(work.host)
        try machine.lease.renew(work.run, now: state.world.now)
        state.world.machines[work.host] = machine
      }
    } catch {
      return work.answer(.failure(error))
    }
    let waits = state.withLock { state in
      let turn = Turn(host: work.host, operation: work.operation)
      if state.turns[turn] == nil {
        state.turns[turn] = []
        return false
      }
      state.turns[turn]?.append { [self] in begin(work) }
      return true
    }
    if !waits { begin(work) }
  }

  private func begin(_ work: Work) {
    let begun: (boot: Int, early: Bool, time: Duration)?
    do throws(AgentError) {
      begun = try alter { (state: inout State) throws(AgentError) in
        guard let boot = state.world.boot(of: work.host), boot == work.boot else { return nil }
        try state.world.machines[work.host]?.guarding(work.operation, work.run, now: state.world.now)
        let before = state.world
        // What goes wrong here goes wrong again at the end, and is told then.
        try? state.world.begin(work.operation, on: work.host, work.secrets)
        state.watch.began(work.operation, on: work.host, work.run, before, state.world)
        return (boot, state.random.chance(0.5), state.time(work.operation, on: work.host))
      }
    } catch {
      tell(.did(work.host, work.operation, work.run, .failure(error)))
      return end(work, .failure(error))
    }
    watchForUndoing(work.host)
    guard let begun else { return end(work, nil) }
    // An operation has its effect at some moment between its beginning and its end.
    let early = begun.early ? takeEffect(work) : nil
    keepLease(work, begun.boot, until: loop.now + begun.time)
    loop.after(begun.time) { [self] in
      guard world.boot(of: work.host) == begun.boot else { return end(work, nil) }
      end(work, early ?? takeEffect(work))
    }
  }

  private func end(_ work: Work, _ result: Result<Outcome, AgentError>?) {
    let next = state.withLock { state in
      let turn = Turn(host: work.host, operation: work.operation)
      var waiting = state.turns[turn] ?? []
      let next = waiting.isEmpty ? nil : waiting.removeFirst()
      state.turns[turn] = next == nil ? nil : waiting
      return next
    }
    work.answer(result)
    next?()
  }

  private func takeEffect(_ work: Work) -> Result<Outcome, AgentError> {
    let seconds = Int(loop.now / .seconds(1))
    defer { watchForUndoing(work.host) }
    return state.withLock { state in
      state.world.now = state.epoch + seconds
      state.world.comeUp()
      let before = state.world
      let result: Result<Outcome, AgentError>
      do throws(AgentError) {
        var outcome = try state.world.guarded(work.operation, on: work.host, work.secrets, work.run)
        sabotage?(work.operation, work.host, &state.world, &outcome)
        result = .success(outcome)
      } catch { result = .failure(error) }
      state.story.add(.did(work.host, work.operation, work.run, result), at: loop.now)
      state.watch.did(work.operation, on: work.host, work.run, result, before, state.world)
      return result
    }
  }

  /// The host's own timer, where a change waits to be confirmed.
  private func watchForUndoing(_ host: HostID) {
    let left = alter { state in state.world.machines[host]?.deadMan.pending(now: state.world.now)?.secondsLeft }
    guard let left else { return }
    loop.after(.seconds(left + 1)) { [self] in alter { $0.world.undoOverdue() } }
  }

  /// While it is at work the agent keeps the run's lease alive, whatever has become of the run.
  private func keepLease(_ work: Work, _ boot: Int, until end: Duration) {
    let third = Duration.seconds(max(1, work.run.leaseSeconds / 3))
    guard loop.now + third < end else { return }
    loop.after(third) { [self] in
      guard world.boot(of: work.host) == boot else { return }
      try? alter { (state: inout State) throws(AgentError) in
        try state.world.machines[work.host]?.lease.renew(work.run, now: state.world.now)
      }
      keepLease(work, boot, until: end)
    }
  }
}
