// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator
import Testing

/// What must be true of every run, however it went.
@Suite struct ConvergenceTests {
  @Test(arguments: [1, 7, 20, 33, 48, 60, 80])
  func aRunThatDiesIsFinishedByTheNext(_ steps: Int) async throws {
    let whole = try await SimulatedSite.appliedExample()
    let broken = try SimulatedSite.example()

    try await broken.execute(try await broken.plan(), steps)
    let left = try await broken.apply()

    #expect(left.isClean, "\(left.text)")
    let (expected, actual) = (await whole.site.world, await broken.site.world)
    for (id, machine) in expected.machines {
      let other = try #require(actual.machines[id])
      #expect(machine.files.mapValues(\.bytes) == other.files.mapValues(\.bytes))
      #expect(machine.units.mapValues(\.active) == other.units.mapValues(\.active))
      #expect(machine.installed == other.installed)
    }
  }

  @Test func nothingIsDoneTwice() async throws {
    let site = try await SimulatedSite.appliedExample()
    let before = await site.site.world.effects

    let again = try await site.apply()

    #expect(again.isClean)
    #expect(await site.site.world.effects == before)
  }

  /// The new head gets its copy of the image in the second round: cloning it does not wait for images.
  @Test func oneRoundDoesNearlyAll() async throws {
    let site = try SimulatedSite.example()

    try await site.execute(try await site.plan())

    let left = try await site.plan()
    #expect(left.steps.map(\.id.text) == ["image:compute/fetch-head2"], "\(left.text)")
    #expect(left.blocked.isEmpty)
  }

  @Test func aPackageOfTwoSetsGoesWithTheLast() async throws {
    let site = try SimulatedSite.oneHead()
    let text = "summary: A set.\nheads: { packages: [tzdata] }\n"
    for name in ["one", "two"] {
      site.siteFiles.files["packages/\(name)/set.yaml"] = .init(contents: .text(text), executable: false)
    }
    site.spec += "packages: { one: {}, two: {} }\n"
    for (old, new, isThere) in [
      ("", "", true), ("{ one: {}, two: {} }", "{ two: {} }", true), ("packages: { two: {} }\n", "", false),
    ] {
      if !old.isEmpty { try site.edit(old, new) }
      let left = try await site.apply()
      #expect(left.isClean, "\(left.text)")
      #expect((await site.site.world.machines["head1"]?.installed["tzdata"] != nil) == isThere, "after \(old)")
    }
  }

  @Test func unknownIsNotAbsent() async throws {
    let site = try await SimulatedSite.appliedExample()
    await site.site.change { $0.machines["head2"]?.faults.unreachable = true }

    let plan = try await site.plan()

    #expect(plan.steps.allSatisfy { $0.host != "head2" }, "\(plan.text)")
    #expect(!plan.steps.contains { $0.operation.name == "ensureClone" }, "\(plan.text)")
    #expect(plan.blocked.contains { $0.resource.host == "head2" })
  }

  @Test func aProbeThatFailsBlocksWhatAsksIt() async throws {
    let site = try await SimulatedSite.appliedExample()
    await site.site.change { $0.machines["head1"]?.faults.deafTo = ["packages"] }

    let plan = try await site.plan()

    #expect(plan.steps.isEmpty, "\(plan.text)")
    #expect(plan.blocked.contains { $0.resource.description == "packages@head1:base" })
    #expect(plan.blocked.allSatisfy { !$0.next.isEmpty })
  }

  @Test func aFullDiskLosesNothing() async throws {
    let site = try SimulatedSite.example()
    await site.site.change { $0.machines["head1"]?.faults.freeBytes = 400 }

    await #expect(throws: StepFailure.self) { try await site.execute(try await site.plan()) }

    await site.site.change { $0.machines["head1"]?.faults.freeBytes = nil }
    // The dead run's lease ends by itself.
    await site.site.change { $0.now += 120 }
    let left = try await site.apply()
    #expect(left.isClean, "\(left.text)")
  }

  @Test func secretsAreInNoPlan() async throws {
    let site = try SimulatedSite.example()

    let plan = try await site.plan()

    let text = plan.text + plan.json
    for secret in ["bmc/head1", "bmc/head2", "bmc/nodes", "corosync/authkey"] {
      let value = String(decoding: FakeWorld.password(SecretRef(secret)), as: UTF8.self)
      #expect(!text.contains(value))
    }
  }
}
