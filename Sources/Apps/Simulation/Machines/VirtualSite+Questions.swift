// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator

extension VirtualSite {
  func answer(_ process: SimulatedProcess, _ host: HostID, _ probes: [AnyProbe], _ secrets: Secrets)
    async throws(AgentError) -> [AnyProbe: AnyAnswer]
  {
    tell(.asked(process: process.name, host, probes: probes.count))
    return try await ask(process, host) { [self] _, answer in
      let time = state.withLock { state in
        Duration.milliseconds(20 + state.random.below(60)) * Int(min(100, state.conditions.slow[host] ?? 1))
      }
      loop.after(time) { [self] in
        do throws(AgentError) {
          let answers = try alter { (state: inout State) throws(AgentError) in
            try state.world.answers(probes, on: host, secrets)
          }
          answer(.success(answers))
        } catch { answer(.failure(error)) }
      }
    }
  }

  func lease<Value: Sendable>(
    _ process: SimulatedProcess, _ host: HostID, _ what: String, _ run: RunToken?,
    _ body: @escaping @Sendable (inout FakeMachine, LeaseContext) throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    if run != nil { watch { $0.changing(process.name, what, host) } }
    return try await ask(process, host) { [self] _, answer in
      do throws(AgentError) {
        let value = try alter { (state: inout State) throws(AgentError) in
          var machine = try state.world.machine(host)
          let isAtWork = state.turns.keys.contains { $0.host == host }
          let value = try body(&machine, LeaseContext(now: state.world.now, isAtWork: isAtWork))
          state.world.machines[host] = machine
          return value
        }
        tell(.lease(process: process.name, host, what, run, nil))
        answer(.success(value))
      } catch {
        tell(.lease(process: process.name, host, what, run, error))
        answer(.failure(error))
      }
    }
  }

  /// As the agent: not while an operation is at work on the host.
  func release(_ process: SimulatedProcess, _ host: HostID, _ run: RunToken) async throws(AgentError) {
    try await lease(process, host, "gives back the", run) { machine, context in
      if !context.isAtWork { machine.lease.release(run) }
    }
  }

  /// Facts that the rules of a lease depend on.
  struct LeaseContext: Sendable {
    /// Seconds since 1970.
    var now: Int
    /// An operation is being done on the host, for whatever run.
    var isAtWork: Bool
  }
}
