// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator
import Testing
import Wings

@testable import Reconciler

/// Consent names machines and verbs: what was shown of one machine allows nothing on another.
@Suite struct ConsentTests {
  private static func restart(_ node: HostID, verb: String = "restart", _ disruption: Step.Disruption = .reboot) -> Step
  {
    step(
      "nodes:all/\(verb)-\(node)", ResourceID("nodes", "all"),
      AnyOperation(
        EnsureNode(
          NodeGoal(
            node: node, mac: MACAddress(bits: 1), bmc: nil, image: "compute/1", restart: true, deadlineSeconds: 600))),
      disruption)
  }

  private static func unit(_ name: String, on host: HostID, _ disruption: Step.Disruption) -> Step {
    step(
      "unit@\(host):\(name)/restart", ResourceID("unit", on: host, name),
      AnyOperation(EnsureUnit(UnitGoal(name: name, enabled: nil, active: true))), disruption, on: host)
  }

  private static func step(
    _ id: String, _ resource: ResourceID, _ operation: AnyOperation, _ disruption: Step.Disruption,
    on host: HostID = "head1", destructive: Bool = false
  ) -> Step {
    Step(
      id: StepID(id), resource: resource, host: host, operation: operation, after: [], disruption: disruption,
      because: "", source: nil, changes: [], destructive: destructive)
  }

  private static func clone(_ head: HostID) -> Step {
    let bmc = BMC(address: IPv4Address(bits: 1), protocol: .ipmi, user: "admin", password: SecretRef("bmc/\(head)"))
    return step(
      "clone@\(head)/install", ResourceID("clone", on: head, "system"),
      AnyOperation(
        EnsureClone(
          CloneGoal(
            head: head, bmc: bmc, mac: MACAddress(bits: 1), address: IPv4Address(bits: 2), bootScript: "",
            installScript: "", identity: [:], deadlineSeconds: 60))), .none, destructive: true)
  }

  @Test func oneNodeIsNotAnother() {
    let consent = Consent(Plan(steps: [Self.restart("node001")]))
    #expect(consent.covers(Plan(steps: [Self.restart("node001")])))
    #expect(!consent.covers(Plan(steps: [Self.restart("node002")])))
    #expect(!consent.covers(Plan(steps: [Self.restart("node001"), Self.restart("node002")])))
  }

  /// What it does to the machine counts, and not what it is called, or which head has it done after a failover.
  @Test func theSameRestartForAnotherReasonIsCovered() {
    var elsewhere = Self.restart("node001", verb: "reset")
    elsewhere.host = "head2"
    #expect(Consent(Plan(steps: [Self.restart("node001")])).covers(Plan(steps: [elsewhere])))
  }

  @Test func oneHeadIsNotTheOther() {
    let consent = Consent(Plan(steps: [Self.unit("corosync.service", on: "head1", .reboot)]))
    #expect(consent.covers(Plan(steps: [Self.unit("corosync.service", on: "head1", .reboot)])))
    #expect(!consent.covers(Plan(steps: [Self.unit("corosync.service", on: "head2", .reboot)])))
    #expect(!consent.covers(Plan(steps: [Self.unit("pacemaker.service", on: "head1", .reboot)])))
  }

  @Test func aRebootIsNoConsentToAFailover() {
    let consent = Consent(Plan(steps: [Self.unit("pacemaker.service", on: "head1", .reboot)]))
    #expect(!consent.covers(Plan(steps: [Self.unit("pacemaker.service", on: "head1", .failover)])))
    let failover = Consent(Plan(steps: [Self.unit("pacemaker.service", on: "head1", .failover)]))
    #expect(failover.covers(Plan(steps: [Self.unit("pacemaker.service", on: "head1", .reboot)])))
  }

  /// A step that interrupts nothing was shown: no consent to the same with an interruption.
  @Test func whatWasShownAsHarmlessMayNotInterrupt() {
    let consent = Consent(Plan(steps: [Self.restart("node001", verb: "reset", .none)]))
    #expect(!consent.covers(Plan(steps: [Self.restart("node001")])))
  }

  @Test func oneHeadThatIsInstalledIsNotAnother() {
    let consent = Consent(Plan(steps: [Self.clone("head2")]))
    #expect(consent.covers(Plan(steps: [Self.clone("head2")])))
    #expect(!consent.covers(Plan(steps: [Self.clone("head3")])))
  }

  /// A run that restarts node001 finds, when it looks again, that node002 would have to restart too.
  @Test func aLaterRoundRestartsNoNodeThatWasNotShown() async throws {
    let site = try await FakeSite.applied()
    await site.machines.change { $0.nodes["node001"]?.image = "other/0123456789abcdef" }
    let machines = site.machines
    var head1 = SpiedHost(machines.host("head1"))
    head1.performed = { await machines.change { $0.nodes["node002"]?.image = "other/0123456789abcdef" } }
    let reconciler = try await site.reconciler().with(hosts: ["head1": head1, "head2": machines.host("head2")])

    let applied = try await reconciler.applied(run: "run-2")

    #expect(applied.outcome.steps.map(\.step) == [StepID("nodes:all/restart-node001")])
    #expect(applied.verified.plan.steps.map(\.id) == [StepID("nodes:all/restart-node002")])
    #expect(!applied.isConverged)
    #expect(await site.machines.world.nodes["node002"]?.image == "other/0123456789abcdef")
  }
}
