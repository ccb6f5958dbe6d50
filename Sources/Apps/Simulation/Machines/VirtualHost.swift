// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator

/// The way from one process to one machine of a `VirtualSite`.
package struct VirtualHost: Host {
  package let id: HostID
  private let process: SimulatedProcess
  private let site: VirtualSite

  package init(_ id: HostID, from process: SimulatedProcess, of site: VirtualSite) {
    self.id = id
    self.process = process
    self.site = site
  }

  package func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    try await site.answer(process, id, probes, secrets)
  }

  /// Known since the agent's hello, so nothing has to travel for it.
  package func operations() async throws(AgentError) -> Set<String> { Set(MemoryCatalog.operations.names) }

  package func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    try await site.perform(process, id, operation, secrets, run)
  }

  package func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    try await site.lease(process, id, "confirms a change under the", run) { (machine, context) throws(AgentError) in
      try machine.confirm(change, now: context.now)
    }
  }

  package func lease() async throws(AgentError) -> LeaseState {
    try await site.lease(process, id, "reads the", nil) { machine, context in
      var state = machine.lease.state(now: context.now)
      state.pending = machine.deadMan.pending(now: context.now)
      return state
    }
  }

  package func claim(_ run: RunToken) async throws(AgentError) {
    try await site.lease(process, id, "claims the", run) { (machine, context) throws(AgentError) in
      try machine.lease.claim(run, now: context.now, isAtWork: context.isAtWork)
    }
  }

  package func release(_ run: RunToken) async throws(AgentError) {
    try await site.release(process, id, run)
  }

  package func close() async {}
}
