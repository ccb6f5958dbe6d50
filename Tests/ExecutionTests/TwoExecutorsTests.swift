// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator
import Synchronization
import TestKit
import Testing

@testable import Execution

/// Two runs that begin at about the same time, each with a journal of its own, as on two administrators' machines.
@Suite struct TwoExecutorsTests {
  /// Whatever the order of their calls: from the first to the last change of one, the other changes nothing anywhere.
  @Test(arguments: 1...100 as ClosedRange<UInt64>) func neverBothAct(_ seed: UInt64) async throws {
    let schedule = Schedule(SeededGenerator(seed: seed))
    var world = FakeWorld()
    for name in ["head1", "head2"] { world.machines[HostID(name)] = FakeMachine(hostname: name) }
    let cluster = FakeCluster(world)
    let fixtures = [try Fixture(), try Fixture()]

    let outcomes = await withTaskGroup(of: Result<RunOutcome, ExecutionError>.self) { group in
      for (number, journal) in fixtures.map(\.journal).enumerated() {
        group.addTask { await Self.run("run\(number)", cluster, schedule, journal) }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }

    // Changes one after the other; each run's are together.
    let actors = schedule.effects.map(\.run)
    let turns = actors.reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
    #expect(turns.count == Set(turns).count, "\(schedule.effects)")
    for outcome in outcomes {
      switch outcome {
      case .success(let outcome): #expect(outcome.result == .done, "\(outcome.words)")
      case .failure(.lease(let error)): #expect([.leaseHeld, .staleGeneration].contains(error.code), "\(error)")
      case .failure(let error): Issue.record("\(error)")
      }
    }
    let left = await cluster.world.machines.values.compactMap { $0.lease.state(now: 1_700_000_000).holder }
    #expect(left.isEmpty)
  }

  private static func run(
    _ name: String, _ cluster: FakeCluster, _ schedule: Schedule, _ journal: Journal
  ) async -> Result<RunOutcome, ExecutionError> {
    let hosts = ["head1", "head2"].map { id in
      (HostID(id), ScheduledHost(host: cluster.host(HostID(id)), schedule: schedule) as any ManagedHost)
    }
    var policy = ExecutionPolicy()
    policy.backoff = .microseconds(1)
    let executor = Executor(
      hosts: Dictionary(uniqueKeysWithValues: hosts), secrets: NoSecrets(), journal: journal, policy: policy,
      now: { 1_000 })
    let steps = (0..<6).map { number in
      Step.write("\(name)-\(number)", on: number % 2 == 0 ? "head1" : "head2")
    }
    do throws(ExecutionError) {
      return .success(try await executor.run(Plan(steps: steps), as: name, holder: name))
    } catch { return .failure(error) }
  }
}

/// How long each call dawdles, and what was changed by whom.
private final class Schedule: Sendable {
  struct Effect: CustomStringConvertible {
    var run: String
    var host: HostID
    var description: String { "\(run) on \(host)" }
  }

  private let state: Mutex<(random: SeededGenerator, effects: [Effect])>

  init(_ random: SeededGenerator) { state = Mutex((random, [])) }

  var effects: [Effect] { state.withLock { $0.effects } }
  func note(_ effect: Effect) { state.withLock { $0.effects.append(effect) } }

  func dawdle() async {
    let turns = state.withLock { Int.random(in: 0..<30, using: &$0.random) }
    for _ in 0..<turns { await Task.yield() }
  }
}

private struct ScheduledHost: ManagedHost {
  let host: FakeHost
  let schedule: Schedule
  var id: HostID { host.id }

  private func dawdling<Value: Sendable>(
    _ call: () async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    await schedule.dawdle()
    let value = try await call()
    await schedule.dawdle()
    return value
  }

  func operations() async throws(AgentError) -> Set<String> { try await host.operations() }

  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken,
    progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    try await dawdling { () async throws(AgentError) in
      let outcome = try await host.perform(operation, secrets: secrets, run: run, progress: progress)
      schedule.note(.init(run: run.run, host: id))
      return outcome
    }
  }

  func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    try await host.answer(probes, secrets: secrets)
  }

  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    try await host.confirm(change, run: run)
  }

  func lease() async throws(AgentError) -> LeaseState {
    try await dawdling { () async throws(AgentError) in try await host.lease() }
  }

  func claim(_ run: RunToken) async throws(AgentError) {
    try await dawdling { () async throws(AgentError) in try await host.claim(run) }
  }

  func release(_ run: RunToken) async throws(AgentError) {
    try await dawdling { () async throws(AgentError) in try await host.release(run) }
  }

  func close() async {}
}
