// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator
import Testing
import Wings

@testable import Execution

/// A change that cuts the way to its host, over the simulator's host.
@Suite struct DeadManTests {
  @Test func aChangeThatCutsTheWayIsUndoneAndSaid() async throws {
    let fixture = try Fixture()
    let host = CountingHost(Self.head)
    let (stream, events) = AsyncStream.makeStream(of: RunEvent.self)

    let outcome = try await Self.executor(fixture, host, events: events).run(
      Plan(steps: Self.moving(to: 3) + [.write("b"), .write("c", after: ["apply"])]), as: "run", holder: "me")

    #expect(outcome.result == .rolledBack)
    #expect(outcome.words == ["write changed", "apply rolled-back", "b changed", "c blocked"])
    let world = await host.fake.cluster.world
    #expect(world.machines["head1"]?.links.first?.addresses == ["10.1.0.1/16"])
    #expect(world.machines["head1"]?.files[Self.path] == nil, "the file is as it was: it was not there")
    #expect(world.machines["head1"]?.lease.state(now: world.now).holder == nil)
    var told = 0
    for await event in stream { if case .unconfirmed(let step, _, _) = event, step.text == "apply" { told += 1 } }
    #expect(told > 0)

    let again = try await Self.executor(fixture, host).run(
      Plan(steps: Self.moving(to: 1)), as: "next", holder: "me")

    #expect(again.result == .done)
  }

  @Test func aChangeThatLeavesTheWayIsConfirmedOnce() async throws {
    let fixture = try Fixture()
    let host = CountingHost(Self.head)

    let outcome = try await Self.executor(fixture, host).run(
      Plan(steps: Self.moving(to: 1)), as: "run", holder: "me")

    // The address was there before, but the file that says so is new: that waits to be confirmed too.
    #expect(outcome.words == ["write changed", "apply unchanged"])
    #expect(try await host.fake.lease().pending == nil)
    await host.fake.cluster.change { $0.machines["head1"]?.restart() }
    #expect(await host.fake.cluster.world.machines["head1"]?.files[Self.path] != nil, "a boot undoes nothing now")
  }

  /// The run that made it was killed: the next one waits until the host has undone it.
  @Test func anUnconfirmedChangeOfADeadRunIsWaitedFor() async throws {
    let fixture = try Fixture()
    let host = CountingHost(Self.head)
    let dead = RunToken(run: "dead", generation: 1, holder: "you", leaseSeconds: 1)
    try await host.claim(dead)
    for step in Self.moving(to: 1) {
      _ = try await host.fake.perform(step.operation, secrets: Secrets(), run: dead) { _ in }
    }
    try #require(try await host.fake.lease().pending != nil)
    let (stream, events) = AsyncStream.makeStream(of: RunEvent.self)

    let outcome = try await Self.executor(fixture, host, events: events).run(
      Plan(steps: [.write("a")]), as: "run", holder: "me")

    #expect(outcome.words == ["a changed"])
    #expect(try await host.fake.lease().pending == nil)
    var waited = false
    for await event in stream { if case .waiting("head1", let change) = event { waited = change.run == "dead" } }
    #expect(waited)
  }

  /// The answer is lost on its way, and so is not known to have been done; the host is asked, and the change stays.
  @Test func aLostAnswerIsAskedForOverTheNewConnection() async throws {
    let fixture = try Fixture()
    let host = CountingHost(Self.head, losesAnswers: true)
    await host.fake.cluster.change { $0.machines["head1"]?.way = nil }

    let outcome = try await Self.executor(fixture, host).run(
      Plan(
        steps: [Self.moving(to: 3)[1]].map { step in
          var step = step
          step.after = []
          return step
        }), as: "run", holder: "me")

    #expect(outcome.words == ["apply changed"])
    #expect(outcome.steps[0].attempts == 1)
    #expect(await host.fake.cluster.world.machines["head1"]?.links[0].addresses == ["10.1.0.3/16"])
  }

  private static let path = "/etc/systemd/network/10-cluster-eth0.network"

  private static var head: FakeMachine {
    var machine = FakeMachine(
      hostname: "head1",
      links: [LinkState(name: "eth0", mac: nil, up: true, addresses: ["10.1.0.1/16"], gateways: [])])
    machine.way = IPv4Address("10.1.0.1")
    return machine
  }

  /// The two steps of a link that gets the address 10.1.0.N.
  private static func moving(to last: UInt32) -> [Step] {
    let address = IPv4Address(bits: 0x0a01_0000 + last)
    var write = Step.write("write")
    write.operation = AnyOperation(EnsureFile(FileGoal(path: path, contents: .text("Address=\(address)/16\n"))))
    var apply = Step.write("apply", after: ["write"])
    apply.operation = AnyOperation(EnsureLink(LinkGoal(interface: "eth0", address: address, prefix: 16, gateway: nil)))
    return [write, apply]
  }

  private static func executor(
    _ fixture: Fixture, _ host: CountingHost, events: AsyncStream<RunEvent>.Continuation? = nil
  ) -> Executor<ContinuousClock> {
    var policy = ExecutionPolicy()
    policy.backoff = .milliseconds(1)
    policy.longestBackoff = .milliseconds(50)
    return Executor(
      hosts: ["head1": host], secrets: NoSecrets(), journal: fixture.journal, policy: policy, now: { 1_000 },
      events: events)
  }
}

/// The simulator's host, for which ten seconds pass whenever it is asked who holds the lease or to confirm.
private struct CountingHost: ManagedHost {
  let fake: FakeHost
  var losesAnswers = false
  var id: HostID { fake.id }

  init(_ machine: FakeMachine, losesAnswers: Bool = false) {
    fake = FakeHost("head1", machine)
    self.losesAnswers = losesAnswers
  }

  private func pass() async { await fake.cluster.change { $0.now += 10 } }

  func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
    try await fake.answer(probes, secrets: secrets)
  }

  func operations() async throws(AgentError) -> Set<String> { try await fake.operations() }

  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken,
    progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    let outcome = try await fake.perform(operation, secrets: secrets, run: run, progress: progress)
    if losesAnswers { throw .lost }
    return outcome
  }

  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
    await pass()
    return try await fake.confirm(change, run: run)
  }

  func lease() async throws(AgentError) -> LeaseState {
    await pass()
    return try await fake.lease()
  }

  func claim(_ run: RunToken) async throws(AgentError) { try await fake.claim(run) }
  func release(_ run: RunToken) async throws(AgentError) { try await fake.release(run) }
  func close() async {}
}
