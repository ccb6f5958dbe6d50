// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator

/// One of the `KeptMachines`, as a run sees it.
struct KeptHost: ManagedHost {
  let id: HostID
  let machines: KeptMachines
  let host: FakeHost

  func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    try await machines.reach { () async throws(AgentError) in try await host.answer(probes, secrets: secrets) }
  }

  func operations() async throws(AgentError) -> Set<String> {
    try await machines.reach { () async throws(AgentError) in try await host.operations() }
  }

  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken,
    progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    let conduct = try operation.inMemory.conduct
    if let words = conduct.begins { progress(words) }
    let outcome = try await machines.change { () async throws(AgentError) in
      try await host.perform(operation, secrets: secrets, run: run, progress: progress)
    }
    if outcome.changed { await machines.take(conduct.usualTime) }
    return outcome
  }

  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    try await machines.change { () async throws(AgentError) in try await host.confirm(change, run: run) }
  }

  func lease() async throws(AgentError) -> LeaseState {
    try await machines.reach { () async throws(AgentError) in try await host.lease() }
  }

  func claim(_ run: RunToken) async throws(AgentError) {
    try await machines.begin()
    try await machines.change { () async throws(AgentError) in try await host.claim(run) }
  }

  func release(_ run: RunToken) async throws(AgentError) {
    try await machines.change { () async throws(AgentError) in try await host.release(run) }
  }

  func close() async {}
}
