// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Planning
import Simulator
import Testing
import Wings

@testable import Reconciler

/// Verbs that act are runs like any other: shown, leased, verified and recorded. What they do is not managed.
@Suite struct ErrandTests {
  /// Carries an errand out with a yes, perhaps after something has happened at the question.
  @discardableResult
  static func done(
    _ errand: some Errand, _ site: FakeSite, run: String = "errand-1",
    asked: @escaping @Sendable (Proposal) async -> Void = { _ in }
  ) async throws -> Convergence {
    try await site.reconciler().converge(
      RunRequest(run: run, errand: errand),
      consent: { proposal async throws(ReconcileError) in
        await asked(proposal)
        return true
      }, events: { _ in })
  }

  static func applied(_ convergence: Convergence) throws -> Applied {
    guard case .applied(let applied) = convergence else { throw NotApplied(convergence: convergence) }
    return applied
  }

  static func refusal(_ errand: some Errand, _ site: FakeSite) async throws -> ErrandRefusal? {
    do {
      try await done(errand, site)
      return nil
    } catch let error as ReconcileError {
      #expect(error.isRefusal)
      guard case .refused(_, let refusal) = error else { throw error }
      return refusal
    }
  }

  private static func power(
    _ action: PowerErrand.Action, _ machines: HostID..., token: String = "errand-1"
  ) -> PowerErrand {
    PowerErrand(action, machines, token: token)
  }

  // MARK: Power

  @Test func aNodeThatIsSwitchedOffIsRecordedAndNothingElseChanges() async throws {
    let site = try await FakeSite.applied()
    let before = try await site.reconciler().managedBefore().map(\.id)

    let applied = try Self.applied(
      try await Self.done(Self.power(.off, "node001"), site) { proposal in
        #expect(proposal.plan.steps.map(\.id.text) == ["power:node001/off"])
        #expect(proposal.plan.steps.map(\.disruption) == [.reboot], "a node that is on may be at work")
      })

    #expect(applied.isConverged && applied.word == "done")
    #expect(await !site.machines.world.isPowered("node001"))
    let reconciler = try await site.reconciler()
    let record = try #require(try reconciler.history.log(site: "site", limit: 1).first)
    #expect(record.subject == "power off node001: done, 1 changed" && record.result == "done")
    #expect(try await reconciler.managedBefore().map(\.id) == before)
    let plan = try await reconciler.propose().plan
    #expect(plan.steps.map(\.id.text) == ["nodes:all/boot-node001"], "the description wants it to run")
    #expect(plan.steps.first?.because.contains("switched off") == true)
  }

  @Test func whatIsSoAlreadyIsNeitherDoneNorRecorded() async throws {
    let site = try await FakeSite.applied()

    guard case .nothingToDo = try await Self.done(Self.power(.on, "node001"), site) else {
      Issue.record("there is nothing to do")
      return
    }

    #expect(try await site.reconciler().history.log(site: "site", limit: 1).map(\.id) == ["run-1"])
  }

  /// The power is on afterwards as it was before: only the note of the head tells that it was done.
  @Test func aMachineIsCycledOnceForARun() async throws {
    let site = try await FakeSite.applied()
    func cycles() async -> Int { await site.machines.world.effects.count { $0.contains("ensurePowerCycled") } }

    let first = try Self.applied(try await Self.done(Self.power(.cycle, "node001", "node002"), site))
    #expect(first.isConverged)
    #expect(await cycles() == 2)
    guard case .nothingToDo = try await Self.done(Self.power(.cycle, "node001"), site) else {
      Issue.record("the same run does not cycle it again")
      return
    }
    try await Self.done(Self.power(.cycle, "node001", token: "errand-2"), site, run: "errand-2")

    #expect(await cycles() == 3)
    #expect(await site.machines.world.isPowered("node001"))
  }

  @Test func aSilentBMCStopsNoOtherMachine() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { world in
      let address = world.boards.first { $0.value.machine == "node002" }?.key
      if let address { world.boards[address]?.fault = .unreachable }
    }

    let applied = try Self.applied(try await Self.done(Self.power(.off, "node001", "node002", "node003"), site))

    #expect(applied.word == "partial")
    #expect(applied.verified.plan.blocked.map(\.resource.description) == ["power:node002"])
    let world = await site.machines.world
    #expect(!world.isPowered("node001") && !world.isPowered("node003") && world.isPowered("node002"))
  }

  @Test func manyNodesMayBeNamedAtOnce() async throws {
    let site = try await FakeSite.applied()

    let applied = try Self.applied(
      try await Self.done(Self.power(.off, "node001", "node002", "node003", "node004"), site))

    #expect(applied.isConverged, "the number that may be away is for what nobody has named")
  }

  @Test func headsAreNotSwitchedOffUnderTheServicesOrTheFence() async throws {
    let site = try await FakeSite.applied()

    let active = try #require(try await Self.refusal(Self.power(.off, "head1"), site))
    #expect(active.why.contains("active head") && active.next.contains("ha switchover"))
    let member = try #require(try await Self.refusal(Self.power(.cycle, "head2"), site))
    #expect(member.why.contains("fence"))
    let unknown = try #require(try await Self.refusal(Self.power(.on, "node001", "node999"), site))
    #expect(unknown.what.contains("node999") && !unknown.what.contains("node001"))
    #expect(await site.machines.world.boards.values.allSatisfy { $0.power == .on })

    // It has left in good order.
    await site.machines.change { world in
      for unit in ["pacemaker.service", "corosync.service"] {
        world.machines["head2"]?.units[unit]?.active = "inactive"
      }
      world.settle()
    }
    let applied = try Self.applied(try await Self.done(Self.power(.off, "head2"), site))
    #expect(applied.isConverged)
    #expect(await !site.machines.world.isPowered("head2"))
    let back = try Self.applied(try await Self.done(Self.power(.on, "head2"), site, run: "errand-2"))
    #expect(back.isConverged)
  }

  /// It was off when the plan was shown: nobody has agreed to take away what runs there now.
  @Test func whatComesInAfterTheQuestionIsRefused() async throws {
    let site = try await FakeSite.applied()
    let machines = site.machines
    await machines.change { Self.switch("node002", .off, &$0) }

    let error = await #expect(throws: ReconcileError.self) {
      try await Self.done(Self.power(.off, "node001", "node002"), site) { proposal in
        #expect(proposal.plan.steps.map(\.id.text) == ["power:node001/off"])
        await machines.change { Self.switch("node002", .on, &$0) }
      }
    }

    guard case .moved(let news) = try #require(error) else { throw try #require(error) }
    #expect(news == ["a step came in: power:node002/off"])
    #expect(await site.machines.world.isPowered("node001"))
  }

  private static func `switch`(_ machine: HostID, _ state: PowerState, _ world: inout FakeWorld) {
    for (address, board) in world.boards where board.machine == machine { world.boards[address]?.power = state }
  }

  // MARK: High availability

  private static func holder(_ site: FakeSite) async throws -> HostID? {
    let address = try #require(IPv4Address("10.1.0.10"))
    let world = await site.machines.world
    return world.machines.first { world.isUp($0.key) && $0.value.holds(address) }?.key
  }

  @Test func servicesMoveAndNothingHoldsThemThere() async throws {
    let site = try await FakeSite.applied()

    let applied = try Self.applied(
      try await Self.done(SwitchoverErrand(to: "head2"), site) { proposal in
        #expect(proposal.plan.steps.map(\.disruption) == [.failover])
        #expect(proposal.plan.steps.first?.changes.contains("boot: head1 -> head2") == true)
      })

    #expect(applied.isConverged)
    #expect(try await Self.holder(site) == "head2")
    let report = try #require(applied.outcome.steps.first)
    #expect(report.detail.contains("boot away"), "\(report.detail)")
    #expect(await site.machines.world.cib?.element(SwitchoverGoal.constraint) == nil)
    let plan = try await site.reconciler().propose().plan
    #expect(plan.isClean, "\(plan.steps.map(\.id))")
    guard case .nothingToDo = try await Self.done(SwitchoverErrand(to: "head2"), site) else {
      Issue.record("they are there")
      return
    }
  }

  @Test func aGroupOfServicesMovesByItself() async throws {
    let site = try await FakeSite()
    try site.edit(
      "services: [dhcp, dns, boot]",
      "services: [dhcp, dns, boot, { name: license, unit: flexlm.service }]\n"
        + "  spread: { licenses: { head: head2, services: [license], address: 10.1.0.11 } }")
    await site.machines.change { world in
      world.machines["head1"]?.units["flexlm.service"] = .init(enabled: false)
    }
    try await site.commit("A service on a head of its own")
    #expect(try await site.apply().isConverged)
    let address = try #require(IPv4Address("10.1.0.11"))
    func place() async -> [HostID] {
      await site.machines.world.machines.filter { $0.value.holds(address) }.map(\.key)
    }
    #expect(await place() == ["head2"])

    let why = try #require(try await Self.refusal(SwitchoverErrand(to: "head1", spread: "other"), site)).why
    #expect(why.contains("no group other"), "\(why)")
    let applied = try Self.applied(
      try await Self.done(SwitchoverErrand(to: "head1", spread: "licenses"), site) { proposal in
        #expect(proposal.plan.steps.first?.changes == ["10.1.0.11: head2 -> head1", "license: head2 -> head1"])
      })

    #expect(applied.isConverged)
    #expect(await place() == ["head1"])
    try await Self.done(SwitchoverErrand(to: "head2"), site, run: "errand-2")
    #expect(await place() == ["head1"], "the others moved")
    #expect(try await Self.holder(site) == "head2")
  }

  /// An agent that was killed in the middle has left it: it is in the list of what is ours.
  @Test func aConstraintThatIsLeftIsTakenAwayByTheNextPlan() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { world in
      guard let cib = world.cib else { return }
      let id = SwitchoverGoal.constraint
      let goal = CIBGoal(
        elements: [
          CIBElement(
            section: .constraints, id: id,
            xml: "<rsc_location id=\"\(id)\" node=\"head2\" rsc=\"address-private\" score=\"INFINITY\"/>"),
          CIBDocument.registry(of: cib.managed.union([id])),
        ], removed: [], members: [])
      world.cib = try? cib.applying(goal)
    }

    let plan = try await site.reconciler().propose().plan
    #expect(plan.steps.map(\.id.text) == ["pacemaker:cib/configure"])
    #expect(plan.steps.first?.changes.contains { $0.hasPrefix("- rsc_location cluster-switchover") } == true)
    #expect(try await site.apply(run: "run-2").isWhole)
    #expect(await site.machines.world.cib?.element(SwitchoverGoal.constraint) == nil)
  }

  @Test func aHeadThatCannotTakeTheServicesIsNotGivenThem() async throws {
    let site = try await FakeSite.applied()
    func why(_ errand: some Errand = SwitchoverErrand(to: "head2")) async throws -> String {
      try #require(try await Self.refusal(errand, site)).why
    }

    #expect(try await why(SwitchoverErrand(to: "head7")).contains("no head head7"))
    try await Self.done(MaintenanceErrand(true), site)
    #expect(try await why().contains("maintenance mode"))
    try await Self.done(MaintenanceErrand(false), site, run: "errand-2")
    await site.machines.change { $0.machines["head1"]?.fencing["head2"] = nil }
    #expect(try await why().contains("fencing-head2: not proven"))
    #expect(try await site.apply(run: "run-2").isWhole)
    await site.machines.change { $0.losePower("head2") }
    #expect(try await why().contains("head2 is offline"))
    await site.machines.change { $0.regainPower("head2") }
    try site.edit("failback: manual", "failback: automatic")
    #expect(try await site.apply(run: "run-3").isWhole)
    #expect(try await why().contains("failback"))
    #expect(try await Self.holder(site) == "head1")
  }

  @Test func aHeadIsFencedToSeeThatItWorks() async throws {
    let site = try await FakeSite.applied()
    func test(_ head: HostID, serving: Bool = false, run: String = "errand-1") -> FenceTestErrand {
      FenceTestErrand(head, serving: serving, token: run)
    }
    let boots = await site.machines.world.machines["head2"]?.boots

    let applied = try Self.applied(
      try await Self.done(test("head2"), site) { proposal in
        #expect(proposal.plan.steps.map(\.id.text) == ["fence-test:head2/fence"])
        #expect(proposal.plan.steps.map(\.host) == ["head1"])
        #expect(proposal.plan.steps.map(\.disruption) == [.reboot], "somebody has to agree")
      })

    #expect(applied.isConverged)
    #expect(await site.machines.world.machines["head2"]?.boots == boots.map { $0 + 1 })
    let report = try #require(applied.outcome.steps.first)
    #expect(report.detail.contains("back in the cluster after"), "\(report.detail)")
    #expect(try await site.reconciler().propose().plan.isClean)

    func why(_ errand: FenceTestErrand) async throws -> String {
      try #require(try await Self.refusal(errand, site)).why
    }
    #expect(try await why(test("head1", run: "errand-2")).contains("it serves"))
    #expect(try await why(test("head7", run: "errand-2")).contains("no head head7"))
    await site.machines.change { $0.machines["head1"]?.fencing["head2"] = nil }
    #expect(try await why(test("head2", run: "errand-2")).contains("fencing-head2: not proven"))
    #expect(try await site.apply(run: "run-2").isWhole)
    try await Self.done(MaintenanceErrand(true), site, run: "errand-3")
    #expect(try await why(test("head2", run: "errand-4")).contains("maintenance mode"))
    try await Self.done(MaintenanceErrand(false), site, run: "errand-5")

    _ = try Self.applied(try await Self.done(test("head1", serving: true, run: "errand-6"), site, run: "errand-6"))
    #expect(try await Self.holder(site) == "head2", "what ran there has failed over")
  }

  /// The machine of a third BMC would be switched off in the place of a head.
  @Test func aForeignBMCKeepsHighAvailabilityFromBeingArmed() async throws {
    let site = try await FakeSite.applied()
    let (own, third) = ("10.3.0.2", "10.3.1.1")
    await site.machines.change { world in
      world.machines["head2"]?.fencing["head2"] = nil
      guard let board = world.boards[third] else { return }
      world.boards[own]?.machine = board.machine
    }
    let outcome = try await site.apply(run: "run-2")
    #expect(!outcome.isWhole)
    #expect(await site.machines.world.machines["head2"]?.fencing["head2"] == nil)
  }

  @Test func aPauseIsNoPartOfTheDescriptionAndIsTold() async throws {
    let site = try await FakeSite.applied()
    func isPaused() async -> Bool { await site.machines.world.cib?.stored.isPaused == true }

    let applied = try Self.applied(try await Self.done(MaintenanceErrand(true), site))
    #expect(applied.isConverged)
    #expect(await isPaused())
    let reconciler = try await site.reconciler()
    let proposal = try await reconciler.propose()
    #expect(proposal.plan.isClean)
    #expect(try await reconciler.review(proposal).notes.contains { $0.contains("cluster ha resume") })
    #expect(try await reconciler.status().ha.conditions.contains { !$0.ok && $0.detail.contains("ha resume") })

    try site.edit("every: 3s", "every: 5s")
    #expect(try await site.apply(run: "run-2").isWhole)
    #expect(await isPaused(), "apply does not end a pause")

    #expect(try Self.applied(try await Self.done(MaintenanceErrand(false), site, run: "errand-2")).isConverged)
    #expect(await !isPaused())
    let after = try await site.reconciler()
    #expect(try await after.review(after.propose()).notes.isEmpty)
  }

  @Test func withoutHighAvailabilityThereIsNothingToMove() async throws {
    let site = try await FakeSite.applied()
    try site.cut(from: "ha:\n", to: "access:\n")

    let refusals = [
      try await Self.refusal(SwitchoverErrand(to: "head2"), site),
      try await Self.refusal(MaintenanceErrand(true), site),
    ]

    #expect(refusals.allSatisfy { $0?.why.contains("no high availability") == true })
  }
}
