// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Planning
import Simulator
import Testing

@testable import Reconciler

/// Somebody has stopped Corosync or Pacemaker on heads that were highly available.
@Suite struct StoppedClusterTests {
  private static func stop(_ unit: String, on host: HostID, _ world: inout FakeWorld) {
    world.machines[host]?.units[unit]?.active = "inactive"
    world.settle()
  }

  private static func holders(_ site: FakeSite) async throws -> [HostID] {
    let address = try #require(IPv4Address("10.1.0.10"))
    let world = await site.machines.world
    return world.machines.filter { world.isUp($0.key) && $0.value.holds(address) }.map(\.key)
  }

  /// What Pacemaker has on head2's disk it would start there: the addresses must not be on head1 by then.
  @Test(arguments: ["corosync.service", "pacemaker.service"]) func nothingIsStartedByHand(unit: String) async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { world in
      Self.stop("corosync.service", on: "head1", &world)
      Self.stop(unit, on: "head2", &world)
    }
    try #require(try await Self.holders(site).isEmpty)

    let plan = try await site.reconciler().propose().plan

    #expect(!plan.steps.contains { $0.resource.kind == "ha-bootstrap" }, "\(plan.steps.map(\.id))")
    #expect(try await site.apply(run: "run-2").isWhole)
    #expect(try await Self.holders(site).count == 1)
  }

  /// Head2 was let go, or has no disk any more: Pacemaker starts nothing there.
  @Test func servicesAreStartedByHandWhereOnlyThePrimaryHasThem() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { world in
      Self.stop("corosync.service", on: "head1", &world)
      world.losePower("head2")
      world.uninstalled.insert("head2")
      world.machines["head1"]?.clones["head2"] = nil
      world.down.remove("head2")
    }

    let plan = try await site.reconciler().propose().plan

    #expect(plan.steps.filter { $0.resource.kind == "ha-bootstrap" }.count == 4, "\(plan.steps.map(\.id))")
  }

  /// Pacemaker fences a head that it does not see when it starts.
  @Test func corosyncStartsEverywhereBeforePacemakerAnywhere() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { world in
      for host in ["head1", "head2"] as [HostID] {
        Self.stop("pacemaker.service", on: host, &world)
        Self.stop("corosync.service", on: host, &world)
      }
    }

    let steps = try await site.reconciler().propose().plan.steps

    let heartbeats = Set(steps.map(\.id).filter { $0.text.contains("corosync.service/start") })
    let starts = steps.filter { $0.id.text.contains("pacemaker.service/start") }
    #expect(heartbeats.count == 2 && starts.count == 2)
    #expect(starts.allSatisfy { heartbeats.isSubset(of: $0.after) }, "\(starts)")
  }

  /// As real ones: what corosync.conf(5) calls `two_node` implies it.
  @Test func aHeadInMemoryThatStartsAloneWaitsForTheOther() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { world in
      world.losePower("head1")
      world.losePower("head2")
      world.regainPower("head2")
    }
    #expect(try await Self.holders(site).isEmpty)

    await site.machines.change { $0.regainPower("head1") }
    #expect(try await Self.holders(site).count == 1)

    await site.machines.change { $0.losePower("head1") }
    #expect(try await Self.holders(site) == ["head2"], "one that has seen the other goes on without it")
  }
}
