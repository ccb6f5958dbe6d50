// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Testing
import Wings

@testable import Planning

/// What a plan will interrupt, and how long it takes.
@Suite struct ForecastTests {
  static func basis(
    active: HostID = "head1", past: PastDurations = PastDurations(), perHost: Int = 16, total: Int = 32
  ) -> ForecastBasis {
    ForecastBasis(
      activeHead: active, past: past,
      services: ServiceNames(
        byUnit: ["dnsmasq.service": ["dhcp", "dns"], "nginx.service": ["boot"]], clustered: ["dhcp", "dns", "boot"],
        keepers: ["pacemaker.service", "corosync.service"]),
      limits: .init(perHost: perHost, total: total, lanes: [Power.lane: 64]))
  }

  private static func unit(_ name: String, on host: HostID) -> Step {
    .sample("unit@\(host):\(name)/restart", on: host, EnsureUnit.restart(name), disruption: .restart)
  }

  @Test func aRestartOnTheActiveHeadInterruptsItsServices() {
    let plan = Plan(steps: [Self.unit("dnsmasq.service", on: "head1")])
    let found = PlanForecast(plan, Self.basis()).interruptions
    #expect(found.map(\.service) == ["dhcp", "dns"])
    #expect(found.allSatisfy { $0.seconds == 1 && $0.basis == .standard })
  }

  @Test func nobodyNoticesAStandby() {
    let plan = Plan(steps: [Self.unit("dnsmasq.service", on: "head2")])
    #expect(PlanForecast(plan, Self.basis()).interruptions.isEmpty)
    #expect(PlanForecast(plan, Self.basis(active: "head2")).interruptions.count == 2)
  }

  @Test func whatIsStoppedStaysAway() {
    let goal = UnitGoal(name: "nginx.service", enabled: false, active: false)
    let plan = Plan(steps: [.sample("a/stop", on: "head1", EnsureUnit(goal), disruption: .restart)])
    #expect(PlanForecast(plan, Self.basis()).interruptions.map(\.seconds) == [nil])
  }

  @Test func whatPacemakerLetsGoGoesOn() {
    let stop = UnitGoal(name: "pacemaker.service", enabled: false, active: false)
    let pause = CIBElement(section: .options, id: "cib-bootstrap-options-maintenance-mode", xml: "<nvpair/>")
    let release = CIBGoal(elements: [pause], removed: [], members: [])
    let steps: [Step] = [
      .sample("cib/release", on: "head1", EnsureCIB(release)),
      .sample("pacemaker/stop", on: "head1", EnsureUnit(stop), disruption: .restart),
    ]
    #expect(PlanForecast(Plan(steps: steps), Self.basis()).interruptions.map(\.service) == ["service addresses"])
    let stopped = PlanForecast(Plan(steps: [steps[1]]), Self.basis()).interruptions
    #expect(stopped.map(\.service) == ["service addresses", "dhcp", "dns", "boot"])
  }

  @Test func pastRunsAreBelievedBeforeTheTable() {
    let step = Self.unit("dnsmasq.service", on: "head1")
    let past = PastDurations(
      [0.2, 0.9, 0.4].map { StepDuration(step: step.id, operation: "ensureUnit", host: "head1", seconds: $0) })
    let forecast = PlanForecast(Plan(steps: [step]), Self.basis(past: past))
    #expect(forecast.interruptions.first?.seconds == 0.4)
    #expect(forecast.interruptions.first?.basis == .past(runs: 3))
    #expect(forecast.totalSeconds == 0.4)
    #expect(forecast.stepsFromPast == 1)
  }

  @Test func onlyTheNewestTwentyCount() {
    let step = StepID("a")
    let newest = (0..<20).map { _ in StepDuration(step: step, operation: "ensureFile", host: "head1", seconds: 1) }
    let older = (0..<50).map { _ in StepDuration(step: step, operation: "ensureFile", host: "head1", seconds: 9) }
    #expect(PastDurations(newest + older).steps[step] == .init(seconds: 1, runs: 20))
  }

  @Test func anotherUnitsPastSaysNothing() {
    let past = PastDurations([
      StepDuration(step: StepID("x"), operation: "ensureUnit", host: "head1", seconds: 20),
      StepDuration(step: StepID("y"), operation: "ensureNode", host: "head1", seconds: 77),
    ])
    #expect(past.figure(Self.unit("dnsmasq.service", on: "head1")) == nil)
    let restart = SyntheticPlan.restarts(1, atOnce: 1, after: nil)[0]
    #expect(past.figure(restart)?.seconds == 77)
  }

  @Test func nodesAreAwayEachForAsLongAsTheyBoot() {
    let found = PlanForecast(Plan(steps: SyntheticPlan.restarts(3, atOnce: 1, after: nil)), Self.basis()).interruptions
    #expect(found.map(\.service) == ["jobs on node[00001-00003]"])
    #expect(found.first?.times == 3)
    #expect(found.first?.isForEachMachine == true)
  }

  @Test func theTotalFollowsTheGraphAndTheLimits() {
    func total(_ steps: [Step], perHost: Int = 16) -> Double {
      PlanForecast(Plan(steps: steps), Self.basis(perHost: perHost)).totalSeconds
    }
    let node = SyntheticPlan.restarts(1, atOnce: 1, after: nil)[0].operation.timing.expectedSeconds
    #expect(total(SyntheticPlan.restarts(8, atOnce: 8, after: nil)) == node)
    #expect(total(SyntheticPlan.restarts(8, atOnce: 2, after: nil)) == 4 * node)
    // Four orders at a time, and all of them are waited for at once.
    let order = SyntheticPlan.restarts(1, atOnce: 1, after: nil)[0].operation.timing.busySeconds ?? 0
    #expect(order > 0 && total(SyntheticPlan.restarts(8, atOnce: 8, after: nil), perHost: 4) == order + node)
    let packages = ["a", "b"].map { Step.sample($0, on: "head1", EnsurePackages([$0])) }
    #expect(total(packages) == 2 * total([packages[0]]))
  }

  @Test func aPlanThatDoesNothingTakesNoTime() {
    #expect(PlanForecast(Plan(), Self.basis()).totalSeconds == 0)
  }
}
