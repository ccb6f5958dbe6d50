// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension VirtualSite {
  /// Sends a request to a host and waits for the answer, or for the end of the connection.
  ///
  /// - Parameter arrive: what happens at the host; it calls back with the answer, now or later. Nil: it never will.
  func ask<Value: Sendable>(
    _ process: SimulatedProcess, _ host: HostID,
    _ arrive: @escaping @Sendable (_ again: Bool, _ answer: @escaping @Sendable (Reply<Value>.Answer?) -> Void) -> Void
  ) async throws(AgentError) -> Value {
    if process.isKilled { throw .lost(host) }
    let reply = Reply<Value>()
    let connection = Connection(process: process.name, host: host)
    let fate = drawFate(connection)
    switch fate {
    case .disconnected: loop.after(.seconds(10)) { reply(.failure(.silent(host))) }
    case .lost(let noticed): loop.after(noticed) { reply(.failure(.lost(host))) }
    case .arrives(let first, let again):
      loop.after(first) { [self] in
        let boot = world.boot(of: host)
        arrive(false) { [self] answer in sendBack(answer, connection, reply) }
        guard let again, let boot else { return }
        loop.after(again) { [self] in
          // It comes over the same connection, which ends with the machine's power.
          guard world.boot(of: host) == boot else { return }
          arrive(true) { [self] answer in sendBack(answer, connection, Reply()) }
        }
      }
    }
    let answer = await withTaskCancellationHandler {
      await reply.wait()
    } onCancel: {
      // The agent is told to stop, and has 15 s to say that it did.
      loop.after(.milliseconds(10)) { reply(.failure(.cancelled(host))) }
    }
    return try answer.get()
  }

  private enum Fate {
    case disconnected, lost(Duration)
    /// Perhaps once more, so much later.
    case arrives(Duration, again: Duration?)
  }

  private func drawFate(_ connection: Connection) -> Fate {
    state.withLock { state in
      if state.broken.contains(connection) { return .disconnected }
      if state.random.chance(state.conditions.lostRequests) {
        return .lost(state.random.duration(from: .milliseconds(1), to: .seconds(15)))
      }
      let first = state.latency(to: connection.host)
      let again = state.random.chance(state.conditions.duplicates)
      return .arrives(first, again: again ? state.random.duration(from: .milliseconds(1), to: .seconds(60)) : nil)
    }
  }

  private func sendBack<Value>(_ answer: Reply<Value>.Answer?, _ connection: Connection, _ reply: Reply<Value>) {
    let (time, arrives) = state.withLock { state -> (Duration, Bool) in
      let lost =
        answer == nil || state.broken.contains(connection) || state.random.chance(state.conditions.lostReplies)
      return lost
        ? (state.random.duration(from: .milliseconds(1), to: .seconds(15)), false)
        : (state.latency(to: connection.host), true)
    }
    loop.after(time) { reply(arrives ? answer ?? .failure(.lost(connection.host)) : .failure(.lost(connection.host))) }
  }
}

extension VirtualSite.State {
  mutating func latency(to host: HostID) -> Duration {
    let usual = Duration.microseconds(200 + random.below(1500)) * Int(conditions.slow[host] ?? 1)
    return random.chance(conditions.delays) ? usual + random.duration(from: .milliseconds(10), to: .seconds(40)) : usual
  }

  mutating func time(_ operation: AnyOperation, on host: HostID) -> Duration {
    // One that machines in memory cannot do is refused as it begins.
    guard let usual = try? operation.inMemory.conduct.usualTime else { return .zero }
    // A machine that is slow at everything is not as much slower at what waits for others anyway.
    let factor = min(conditions.slow[host] ?? 1, usual < .seconds(5) ? 100 : 4)
    return usual * (0.5 + Double(random.below(1000)) / 1000) * factor
  }
}

extension AgentError {
  static func silent(_ host: HostID) -> AgentError {
    AgentError(.unreachable, "\(host) does not answer", next: "Check that \(host) is on and can be reached.")
  }

  static func lost(_ host: HostID) -> AgentError {
    AgentError(
      .connectionLost, "The connection to \(host) broke", next: "Plan again: the operation may have been done.")
  }

  static func cancelled(_ host: HostID) -> AgentError {
    AgentError(.cancelled, "The request to \(host) was cancelled", next: "Run the command again.")
  }
}
