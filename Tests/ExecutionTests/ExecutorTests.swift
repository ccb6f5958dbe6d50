// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing
import Wings

@testable import Execution

@Suite struct ExecutorTests {
  @Test func doesEveryStepOnceAndGivesTheLeaseBack() async throws {
    let fixture = try Fixture()
    let host = ScriptedHost("head1")
    let plan = Plan(steps: [.write("a"), .write("b", after: ["a"])])

    let outcome = try await fixture.executor([host]).run(plan, as: "run1", holder: "me")
    let again = try await fixture.executor([host]).run(plan, as: "run2", holder: "me")

    #expect(outcome.result == .done)
    #expect(outcome.words == ["a changed", "b changed"])
    #expect(again.words == ["a unchanged", "b unchanged"])
    #expect(again.generation == outcome.generation + 1)
    #expect(host.state.withLock { $0.effects } == ["run1 /a", "run1 /b"])
    #expect(host.state.withLock { $0.holder } == nil)
    #expect(try await fixture.journal.unfinished().isEmpty)
  }

  @Test func aFailedStepBlocksOnlyWhatDependsOnIt() async throws {
    let fixture = try Fixture()
    let host = ScriptedHost(
      "head1",
      before: { (operation, _) throws(AgentError) in if operation.target == "/a" { throw .full } })

    let outcome = try await fixture.executor([host]).run(
      Plan(steps: [.write("a"), .write("b", after: ["a"]), .write("c")]), as: "run", holder: "me")

    #expect(outcome.result == .partial)
    #expect(outcome.words == ["a failed", "b blocked", "c changed"])
    #expect(outcome.steps[0].next == "Make room.")
  }

  @Test func aHostThatComesBackIsTriedAgainAndSaidSo() async throws {
    let fixture = try Fixture()
    let host = ScriptedHost("head1", before: { (_, count) throws(AgentError) in if count < 3 { throw .silent } })
    let (stream, events) = AsyncStream.makeStream(of: RunEvent.self)

    let outcome = try await fixture.executor([host], events: events).run(
      Plan(steps: [.write("a")]), as: "run", holder: "me")

    #expect(outcome.words == ["a changed"])
    #expect(outcome.steps[0].attempts == 3)
    var retries = 0
    for await event in stream { if case .retrying = event { retries += 1 } }
    #expect(retries == 2)
  }

  @Test func aConnectionThatBreaksLeavesTheOutcomeUnknown() async throws {
    let fixture = try Fixture()
    let host = ScriptedHost("head1", after: { (_, _) throws(AgentError) in throw .lost })

    let outcome = try await fixture.executor([host]).run(
      Plan(steps: [.write("a"), .write("b", after: ["a"])]), as: "run", holder: "me")

    #expect(outcome.words == ["a unknown", "b blocked"])
    #expect(outcome.steps[0].attempts == ExecutionPolicy().attempts)
  }

  @Test func cancellingFinishesWhatIsInFlightAndRecordsIt() async throws {
    let fixture = try Fixture()
    let gate = Gate()
    let host = ScriptedHost("head1", before: { _, _ in await gate.pass() })
    let executor = fixture.executor([host])

    let run = Task {
      try await executor.run(Plan(steps: [.write("a"), .write("b", after: ["a"])]), as: "run", holder: "me")
    }
    await gate.arrived(1)
    run.cancel()
    await gate.open()
    let outcome = try await run.value

    #expect(outcome.result == .cancelled)
    #expect(outcome.words == ["a changed", "b not-started"])
    #expect(try await fixture.journal.unfinished().isEmpty)
    #expect(host.state.withLock { $0.holder } == nil)
  }

  @Test func twoRunsNeverBothAct() async throws {
    let fixture = try Fixture()
    let gate = Gate()
    let hosts = [
      ScriptedHost("head1", before: { _, _ in await gate.pass() }), ScriptedHost("head2"),
    ]
    let first = fixture.executor(hosts)
    let second = fixture.executor(hosts)

    let run = Task { try await first.run(Plan(steps: [.write("a")]), as: "one", holder: "me") }
    await gate.arrived(1)
    let refused = await #expect(throws: ExecutionError.self) {
      try await second.run(Plan(steps: [.write("a")]), as: "two", holder: "you")
    }
    await gate.open()
    let outcome = try await run.value

    #expect(refused?.description.contains("run one of me") == true)
    #expect(outcome.words == ["a changed"])
    #expect(hosts[0].state.withLock { $0.effects } == ["one /a"])
    #expect(hosts.allSatisfy { $0.state.withLock { $0.holder } == nil })
  }

  @Test func aRunThatLostItsLeaseStops() async throws {
    let fixture = try Fixture()
    let host = ScriptedHost("head1")
    let usurper = RunToken(run: "other", generation: 99, holder: "you")
    let rival = ScriptedHost(
      "head2",
      after: { _, _ in
        host.state.withLock {
          $0.holder = usurper
          $0.newestGeneration = 99
        }
      })

    let outcome = try await fixture.executor([host, rival]).run(
      Plan(steps: [
        .write("a", on: "head2"), .write("b", after: ["a"]), .write("c", on: "head2", after: ["a"]),
        .write("d", on: "head2", after: ["c"]),
      ]),
      as: "run", holder: "me")

    #expect(outcome.result == .superseded)
    #expect(outcome.words.prefix(2) == ["a changed", "b failed"])
    #expect(host.state.withLock { $0.effects }.isEmpty)
    #expect(host.state.withLock { $0.holder } == usurper)
  }

  @Test func aHeadThatAppearsDuringTheRunIsClaimedBeforeItsFirstStep() async throws {
    let fixture = try Fixture()
    let first = ScriptedHost("head1")
    let second = ScriptedHost(
      "head2", reach: { () throws(AgentError) in if first.state.withLock({ $0.effects.isEmpty }) { throw .silent } })

    var policy = ExecutionPolicy()
    policy.without = ["head2"]

    let outcome = try await fixture.executor([first, second], policy: policy, clock: ContinuousClock()).run(
      Plan(steps: [.write("a"), .write("b", on: "head2", after: ["a"])]), as: "run", holder: "me")

    #expect(outcome.words == ["a changed", "b changed"])
    // Claimed again, to keep it, where this machine is slow.
    #expect(second.state.withLock { $0.claims } >= 1)
    #expect(second.state.withLock { $0.holder } == nil)
  }

  @Test func theLeaseIsRenewedWhileAStepTakesLong() async throws {
    let fixture = try Fixture()
    let (gate, clock) = (Gate(), ManualClock())
    let host = ScriptedHost("head1", before: { _, _ in await gate.pass() })
    let executor = fixture.executor([host], clock: clock)

    var step = Step.write("a")
    step.operation = AnyOperation(
      EnsureImage(
        ImageRecipe(
          name: "compute", suite: "bookworm", mirror: nil, proxy: nil, kernel: "linux", packages: [], overlays: [],
          finish: [])))
    let plan = Plan(steps: [step])
    let run = Task { try await executor.run(plan, as: "run", holder: "me") }
    await gate.arrived(1)
    while host.state.withLock({ $0.claims }) < 4 {
      // Asleep: the step's deadline of half an hour, and the next renewal.
      if clock.sleepers == 2 { clock.advance(by: .seconds(1)) }
      await Task.yield()
    }
    await gate.open()

    #expect(try await run.value.result == .done)
  }

  @Test func aStepThatTakesTooLongFails() async throws {
    let fixture = try Fixture()
    let (gate, clock) = (Gate(), ManualClock())
    let host = ScriptedHost(
      "head1",
      before: { (_, _) throws(AgentError) in
        await gate.pass()
        await untilCancelled()
        throw AgentError(.cancelled, "cancelled", next: "Try again.")
      })
    let executor = fixture.executor([host], clock: clock)

    let run = Task { try await executor.run(Plan(steps: [.write("a")]), as: "run", holder: "me") }
    await gate.open()
    await gate.arrived(1)
    let done = Task { try await run.value }
    while host.state.withLock({ $0.running }) > 0 {
      clock.advance(by: .seconds(30))
      await Task.yield()
    }
    let outcome = try await done.value

    guard case .failed(let error) = outcome.steps[0].result else {
      Issue.record("\(outcome.words)")
      return
    }
    #expect(error.code == .deadline)
  }

  @Test func aMissingSecretIsToldAndAGeneratedOneIsMade() async throws {
    let fixture = try Fixture()
    func secret(_ name: String) -> Step {
      var step = Step.write(name)
      step.operation = AnyOperation(EnsureSecretFile(SecretFileGoal(path: "/\(name)", secret: SecretRef(name))))
      return step
    }

    let outcome = try await fixture.executor([ScriptedHost("head1")]).run(
      Plan(steps: [secret("bmc/head1"), secret("corosync/authkey")]), as: "run", holder: "me")

    #expect(outcome.words == ["bmc/head1 failed", "corosync/authkey changed"])
    #expect(outcome.steps[0].next?.contains("mode 0600") == true)
  }

  @Test func noHeadThatAnswersMeansNoRun() async throws {
    let fixture = try Fixture()
    let host = ScriptedHost("head1", reach: { () throws(AgentError) in throw .silent })

    let error = await #expect(throws: ExecutionError.self) {
      try await fixture.executor([host]).run(Plan(steps: [.write("a")]), as: "run", holder: "me")
    }

    #expect(error?.next == "Power it on.")
  }
}
