// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Foundation
import Pacemaker
import Planning
import Simulator
import Testing

@testable import Reconciler

/// The address that nodes boot from and report to changes while they run.
@Suite struct MovedAddressTests {
  private static func servers(_ site: FakeSite) async -> Set<String> {
    Set(await site.machines.world.nodes.values.map { $0.server.map { "\($0)" } ?? "none" })
  }

  /// Restarts of all nodes, one at a time, behind `step`.
  private static func expectRestarts(
    _ plan: Plan, behind step: StepID, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let restarts = plan.steps.filter { $0.resource.kind == "nodes" }
    #expect(restarts.count == 4, sourceLocation: sourceLocation)
    #expect(restarts.allSatisfy { $0.disruption == .reboot && $0.after.contains(step) }, sourceLocation: sourceLocation)
    #expect(restarts.allSatisfy { $0.place?.of == 1 }, sourceLocation: sourceLocation)
  }

  private static func withoutHighAvailability() async throws -> FakeSite {
    let site = try await FakeSite.applied()
    #expect(await servers(site) == ["10.1.0.10"])
    try site.cut(from: "ha:\n", to: "access:\n")
    return site
  }

  private static func expectDone(
    _ site: FakeSite, at address: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    #expect(await servers(site) == [address], sourceLocation: sourceLocation)
    // Long after: whoever reports goes on reporting, and whoever is not heard is silent.
    await site.machines.change { $0.now += 600 }
    let plan = try await site.reconciler().propose().plan
    #expect(plan.isClean, "\(plan.steps.map(\.id))", sourceLocation: sourceLocation)
  }

  @Test func nodesRestartWhenHighAvailabilityIsDropped() async throws {
    let site = try await Self.withoutHighAvailability()
    let plan = try await site.reconciler().propose().plan

    Self.expectRestarts(plan, behind: StepID("pacemaker:cib/release"))
    let units = plan.steps.filter { step in
      ["unit@head1:nginx.service", "unit@head1:dnsmasq.service"].contains("\(step.resource)")
    }
    #expect(units.count == 2 && units.allSatisfy { $0.after.contains(StepID("pacemaker:cib/release")) })

    #expect(try await site.apply(run: "run-2").isWhole)
    try await Self.expectDone(site, at: "10.1.0.1")
  }

  /// Pacemaker runs the services on the other head, which is to have none afterwards.
  @Test func soTheyDoWhenTheOtherHeadServed() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { world in
      world.losePower("head1")
      world.regainPower("head1")
    }
    #expect(await site.machines.world.running("nginx.service") == ["head2"])
    try site.cut(from: "ha:\n", to: "access:\n")

    #expect(try await site.apply(run: "run-2").isWhole)

    #expect(await site.machines.world.running("nginx.service") == ["head1"])
    try await Self.expectDone(site, at: "10.1.0.1")
    // And back: the address stayed where it was, and is not put on a second head.
    try await site.git("checkout", "-q", "cluster.yaml")
    #expect(try await site.apply(run: "run-3").isWhole)
    let address = try #require(IPv4Address("10.1.0.10"))
    #expect(await site.machines.world.machines.values.count { $0.holds(address) } == 1)
    // The CIB was still on its disk, in the mode in which it was let go.
    let cib = try #require(await site.machines.world.liveCIB)
    #expect(cib.element("nginx") != nil && cib.element("cib-bootstrap-options-maintenance-mode") == nil)
    try await Self.expectDone(site, at: "10.1.0.10")
  }

  @Test func nodesRestartWhenTheServiceAddressChanges() async throws {
    let site = try await FakeSite.applied()
    try site.edit("private: 10.1.0.10", "private: 10.1.0.12")

    Self.expectRestarts(try await site.reconciler().propose().plan, behind: StepID("pacemaker:cib/configure"))

    #expect(try await site.apply(run: "run-2").isWhole)
    try await Self.expectDone(site, at: "10.1.0.12")
  }

  /// A run that was killed before it came to the nodes: nobody hears them, and the log tells where they report to.
  @Test func nodesThatNobodyHearsAnyMoreRestartToo() async throws {
    let site = try await Self.withoutHighAvailability()
    let plan = try await site.reconciler().propose().plan
    let some = RunTerms(scope: PlanScope(targets: [try #require(Selector("unit@head1:nginx.service"))]))
    _ = try await site.apply(some, run: "run-2")
    await site.machines.change { $0.now += 3600 }

    let later = try await site.reconciler().propose().plan

    #expect(plan.steps.filter { $0.resource.kind == "nodes" }.count == 4)
    let restarts = later.steps.filter { $0.resource.kind == "nodes" }
    #expect(restarts.count == 4 && restarts.allSatisfy { $0.disruption == .reboot }, "\(later.steps.map(\.because))")
    #expect(try await site.apply(run: "run-3").isWhole)
    try await Self.expectDone(site, at: "10.1.0.1")
  }

  /// Head2 was away when it was let go, and comes back with Pacemaker, which somebody lets run again.
  @Test func pacemakerIsLetGoAnewWhereItStillRuns() async throws {
    let site = try await Self.withoutHighAvailability()
    let board = try #require(await site.machines.world.boards.first { $0.value.machine == "head2" }?.key)
    await site.machines.change { world in
      world.boards[board]?.power = .off
      world.losePower("head2")
    }
    let release = StepID("pacemaker:cib/release")
    let first = try await site.apply(run: "run-2")
    try #require(first.outcome.steps.contains { $0.step == release && $0.succeeded } && !first.isWhole)
    let cib = try #require(await site.machines.world.cib)
    let running = try cib.applying(CIBGoal(elements: [], removed: [CIBGoal.pause], members: []))
    await site.machines.change { world in
      world.boards[board]?.power = .on
      world.cib = running
      world.regainPower("head2")
    }

    #expect(try await site.reconciler().propose().plan.steps.map(\.id).contains(release))

    #expect(try await site.apply(run: "run-3").isWhole)
    try await Self.expectDone(site, at: "10.1.0.1")
  }

  /// What they do with the services is not known then, so these are left as they are.
  @Test func whileItIsUnknownWhatPacemakerHasTheServicesWait() async throws {
    let site = try await Self.withoutHighAvailability()
    await site.machines.change { world in
      for head in world.machines.keys { world.machines[head]?.faults.deafTo = ["cib"] }
    }

    let plan = try await site.reconciler().propose().plan

    let waiting = Set(
      plan.blocked.compactMap { entry -> String? in
        if case .waitsFor(let other) = entry.reason, other.description == "pacemaker:cib" {
          entry.resource.description
        } else {
          nil
        }
      })
    #expect(waiting.isSuperset(of: ["unit@head1:nginx.service", "unit@head1:dnsmasq.service"]))
    #expect(!plan.steps.contains { $0.resource.kind == "nodes" })
  }

  /// As real ones: they say nothing to an address that they did not boot from.
  @Test func aNodeInMemoryIsSilentWhenNobodyHasItsAddress() async throws {
    let site = try await FakeSite.applied()
    let address = try #require(IPv4Address("10.1.0.99"))
    await site.machines.change { world in
      world.nodes["node001"]?.server = address
      world.now += 600
    }

    let plan = try await site.reconciler().propose().plan

    #expect(plan.steps.map(\.id) == [StepID("nodes:all/boot-node001")])
  }
}
