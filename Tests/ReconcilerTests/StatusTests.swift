// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator
import Testing
import Wings

@testable import Reconciler

/// What `cluster status` says of what it could not find out.
@Suite struct StatusTests {
  @Test func aHeadWhoseLeaseIsNotKnownIsNotTakenForIdle() async throws {
    let site = try await FakeSite.applied()
    let reconciler = try await site.reconciler()
    var hosts = reconciler.hosts
    hosts["head2"] = HeadWithoutLease(host: site.machines.host("head2"))

    let status = try await reconciler.with(hosts: hosts).status()

    #expect(status.leases.isEmpty)
    #expect(status.unknownLeases.map(\.head) == ["head2"])
    #expect(status.unknownLeases.first?.reason.contains("broke") == true)
  }

  @Test func nodesThatNoHeadCanTellOfAreUnknown() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { world in
      for head in world.machines.keys { world.machines[head]?.faults.deafTo = [NodeReportsProbe.name] }
    }

    let status = try await site.reconciler().status()

    #expect(!status.nodes.isEmpty && status.nodes.allSatisfy { $0.state == .unknown })
    #expect(status.nodes.first?.detail?.contains("cannot tell") == true)
  }
}

/// It answers everything but whether a run is at work.
private struct HeadWithoutLease: ManagedHost {
  let host: FakeHost
  var id: HostID { host.id }

  func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    try await host.answer(probes, secrets: secrets)
  }

  func operations() async throws(AgentError) -> Set<String> { try await host.operations() }

  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken,
    progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    try await host.perform(operation, secrets: secrets, run: run, progress: progress)
  }

  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    try await host.confirm(change, run: run)
  }

  func lease() async throws(AgentError) -> LeaseState {
    throw AgentError(.connectionLost, "the connection broke", next: "Look again.")
  }

  func claim(_ run: RunToken) async throws(AgentError) { try await host.claim(run) }
  func release(_ run: RunToken) async throws(AgentError) { try await host.release(run) }
  func close() async {}
}
