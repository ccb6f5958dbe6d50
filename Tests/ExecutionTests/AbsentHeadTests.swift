// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Synchronization
import Testing
import Wings

@testable import Execution

/// What a run does about a head that cannot be asked for its lease when it begins.
@Suite struct AbsentHeadTests {
  private let fixture: Fixture
  private let first = ScriptedHost("head1")
  private let clock = ManualClock()

  init() throws { fixture = try Fixture() }

  /// A run that writes to both heads, as if each wait took no time.
  private func run(
    _ second: ScriptedHost, _ absence: Absence, rounds: Int = 1,
    _ events: AsyncStream<RunEvent>.Continuation? = nil, _ change: (inout ExecutionPolicy) -> Void = { _ in }
  ) async throws -> (outcome: Result<RunOutcome, ExecutionError>, waited: Duration) {
    var policy = ExecutionPolicy()
    policy.attempts = 1
    change(&policy)
    let executor = Executor(
      hosts: ["head1": first, "head2": second], secrets: NoSecrets(), journal: fixture.journal,
      witness: HeadWitness(questions: { _ in ["head1": [AnyProbe(SystemProbe())]] }, judge: { _, _ in absence }),
      policy: policy,
      clock: clock, now: { 1_000 }, events: events)
    let began = clock.now
    let over = Mutex(false)
    let run = Task { () -> Result<RunOutcome, ExecutionError> in
      defer { over.withLock { $0 = true } }
      do throws(ExecutionError) {
        return .success(
          try await executor.run(
            Plan(steps: [.write("a"), .write("b", on: "head2")]), as: "run", holder: "me", rounds: rounds))
      } catch { return .failure(error) }
    }
    while !over.withLock({ $0 }) {
      // Slowly, so that no deadline is missed that is none of what is tested.
      for _ in 0..<200 { await Task.yield() }
      if clock.sleepers > 0 { clock.advance(by: .seconds(1)) }
    }
    return (await run.value, began.duration(to: clock.now))
  }

  /// How often a head that does not answer was waited for.
  private static func waits(_ events: AsyncStream<RunEvent>) async -> Int {
    var waits = 0
    for await event in events { if case .headSilent = event { waits += 1 } }
    return waits
  }

  private func silent() -> ScriptedHost {
    ScriptedHost("head2", reach: { () throws(AgentError) in throw .silent })
  }

  @Test func aHeadThatMayHaveARunAtWorkIsWaitedForAndThenTheRunIsRefused() async throws {
    let (outcome, waited) = try await run(silent(), .mayHold("it is in the cluster"))

    guard case .failure(.lease(let error)) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(error.message.contains("it is in the cluster"))
    #expect(error.next.contains("--without-head head2"))
    #expect(waited >= .seconds(90))
    #expect(first.state.withLock { $0.effects }.isEmpty)
    #expect(first.state.withLock { $0.holder } == nil)
  }

  @Test func aHeadOnWhichNothingCanBeAtWorkIsLeftOutAtOnce() async throws {
    let (stream, events) = AsyncStream.makeStream(of: RunEvent.self)

    let (outcome, _) = try await run(silent(), .cannotHold, rounds: 1, events)

    #expect(try outcome.get().words == ["a changed", "b failed"])
    #expect(await Self.waits(stream) == 0)
  }

  @Test func aHeadThatLeftTheClusterIsLeftOutWhenALeaseMustHaveEnded() async throws {
    let (outcome, waited) = try await run(silent(), .hasLeft)

    #expect(try outcome.get().words == ["a changed", "b failed"])
    #expect(waited >= .seconds(60))
  }

  @Test func aLaterRoundDoesNotWaitAgain() async throws {
    let (stream, events) = AsyncStream.makeStream(of: RunEvent.self)

    let (outcome, _) = try await run(silent(), .hasLeft, rounds: 2, events)

    #expect(try outcome.get().words == ["a unchanged", "b failed"])
    #expect(try outcome.get().run == "run.2")
    #expect(await Self.waits(stream) == 1)
    #expect(first.state.withLock { $0.holder } == nil)
  }

  @Test func theAdministratorMayKnowBetter() async throws {
    let (outcome, _) = try await run(silent(), .mayHold("nothing tells")) { $0.without = ["head2"] }

    #expect(try outcome.get().words == ["a changed", "b failed"])
  }

  @Test func aHeadThatAnswersLaterIsAskedThen() async throws {
    let calls = Mutex(0)
    let second = ScriptedHost(
      "head2",
      reach: { () throws(AgentError) in
        let count = calls.withLock { calls in
          calls += 1
          return calls
        }
        if count <= 3 { throw .silent }
      })

    let (outcome, _) = try await run(second, .mayHold("it is up"))

    #expect(try outcome.get().words == ["a changed", "b changed"])
  }

  /// Another run was killed and had that head only: what its lease keeps away is kept away on the other head too.
  @Test func aHeadThatAnswersLaterAndIsHeldByAnotherRefusesAll() async throws {
    let calls = Mutex(0)
    let second = ScriptedHost(
      "head2",
      reach: { () throws(AgentError) in
        let count = calls.withLock { calls in
          calls += 1
          return calls
        }
        if count <= 3 { throw .silent }
      })
    second.state.withLock { $0.holder = RunToken(run: "other", generation: 1, holder: "them") }

    let (outcome, _) = try await run(second, .mayHold("it is up"))

    guard case .failure(.lease(let error)) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(error.message.contains("is at work on head2"))
    #expect(first.state.withLock { $0.effects }.isEmpty)
    #expect(first.state.withLock { $0.holder } == nil)
  }

  /// The head was booted in the middle of the run; somebody else may have begun on the other one since.
  @Test func aLeaseThatWasLostIsNotTakenAgainWhileAnotherHeadMayBeAtWork() async throws {
    let lost = Mutex(false)
    let second = ScriptedHost(
      "head2", reach: { () throws(AgentError) in if lost.withLock({ $0 }) { throw .silent } })
    let token = RunToken(run: "run", generation: 1, holder: "me")
    let absent = AbsentHeads(
      hosts: ["head1": first, "head2": second],
      witness: HeadWitness(questions: { _ in [:] }, judge: { _, _ in .mayHold("it is up") }), secrets: NoSecrets(),
      without: [], clock: ContinuousClock(), now: { 1_000 })
    let lease = Lease(token, ["head1": first, "head2": second], absent, ContinuousClock())
    try await lease.claim("head1")
    try await lease.claim("head2")
    first.state.withLock { $0.holder = nil }

    try await lease.regain("head1")
    lost.withLock { $0 = true }
    first.state.withLock { $0.holder = nil }

    let error = await #expect(throws: AgentError.self) { try await lease.regain("head1") }
    #expect(error?.code == .leaseHeld)
    first.state.withLock { $0.holder = nil }
    let troubles = await lease.renew()
    #expect(troubles["head1"]?.code == .leaseHeld)
  }

  @Test func aRunOfThisMachineThatWasKilledBeforeItsFirstEntryDoesNotHoldAnything() async throws {
    let second = ScriptedHost("head2")
    let me = try #require(ProcessIdentity.current)
    var dead = me
    dead.startedAt += 1
    for host in [first, second] {
      host.state.withLock { $0.holder = RunToken(run: "other", generation: 1, holder: "me", process: dead) }
    }
    let (outcome, _) = try await run(second, .cannotHold)
    #expect(try outcome.get().result == .done)
  }

  @Test(arguments: ["another boot", "another namespace", "alive"])
  func aRunThatMayBeAliveKeepsItsLease(_ what: String) async throws {
    let second = ScriptedHost("head2")
    var other = try #require(ProcessIdentity.current)
    if what != "alive" { other.startedAt += 1 }
    if what == "another boot" { other.boot = "another" }
    if what == "another namespace" { other.namespace = "pid:[1]" }
    second.state.withLock { [other] in
      $0.holder = RunToken(run: "other", generation: 1, holder: "them", process: other)
    }
    let (outcome, _) = try await run(second, .cannotHold)
    guard case .failure(.lease(let error)) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(error.code == .leaseHeld)
    #expect(error.message.contains("its process runs on this machine") == (what == "alive"))
  }
}
