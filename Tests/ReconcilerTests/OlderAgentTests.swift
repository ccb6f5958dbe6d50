// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Simulator
import Testing

@testable import Reconciler

/// An agent that was built before an operation was.
@Suite struct OlderAgentTests {
  @Test func aPlanThatNeedsMoreThanAnAgentCanDoIsRefusedBeforeTheRun() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { world in
      for head in ["head1", "head2"] as [HostID] {
        world.machines[head]?.installed["curl"] = nil
        world.machines[head]?.files["/etc/hosts"]?.bytes = []
      }
      world.machines["head2"]?.faults.unableTo = ["ensurePackages", "ensureTree"]
    }
    let before = await site.machines.world.effects

    let error = await #expect(throws: ReconcileError.self) { _ = try await site.apply(run: "run-2") }

    guard case .host(let refusal) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(refusal.code == .protocolMismatch)
    #expect(refusal.message == "The agent on head2 cannot do ensurePackages, and nothing was done")
    #expect(refusal.next.contains("cluster-agent"))
    #expect(await site.machines.world.effects == before)
  }

  @Test func whatAPlanDoesNotNeedMayBeMissing() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { world in
      world.machines["head2"]?.faults.unableTo = ["ensureTree"]
      world.machines["head2"]?.installed["curl"] = nil
    }

    #expect(try await site.apply(RunTerms(), run: "run-2").isConverged)
  }
}
