// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Testing
import Wings

@testable import Execution

/// Steps that wait for what others bring about: nodes boot.
@Suite struct LookoutTests {
  private static func boot(_ number: Int, place: Place? = nil) -> Step {
    let goal = NodeGoal(
      node: HostID("node\(number)"), mac: MACAddress(bits: UInt64(number)), bmc: nil, image: "compute/new",
      restart: true, deadlineSeconds: 600)
    var step = Step.write("\(number)")
    step.operation = AnyOperation(EnsureNode(goal))
    step.place = place
    return step
  }

  private static func report(_ number: Int, _ stage: NodeReport.Stage, image: String = "compute/new") -> NodeReport {
    NodeReport(
      mac: MACAddress(bits: UInt64(number)), stage: stage, image: image, verified: true, age: 0, uptime: nil)
  }

  private static func node(_ operation: AnyOperation) -> Int {
    operation.machine.flatMap { Int($0.name.dropFirst(4)) } ?? 0
  }

  /// The first node becomes ready only when the last one has been switched on: with slots that wait this never ends.
  @Test func nothingHoldsASlotWhileItWaits() async throws {
    let fixture = try Fixture()
    let host = ScriptedHost("head1")
    let (stream, events) = AsyncStream.makeStream(of: RunEvent.self)
    var policy = ExecutionPolicy()
    policy.limits = RunProgress.Limits(perHost: 1, total: 1)
    let executor = fixture.executor([host], policy: policy, clock: ContinuousClock(), events: events)
    let watching = Task {
      var started = 0
      for await event in stream {
        guard case .started = event else { continue }
        started += 1
        if started == 3 { host.state.withLock { $0.reports = (1...3).map { Self.report($0, .ready) } } }
      }
    }

    let outcome = try await executor.run(Plan(steps: (1...3).map { Self.boot($0) }), as: "run", holder: "me")

    #expect(outcome.words == ["1 changed", "2 changed", "3 changed"])
    #expect(outcome.steps.map(\.detail) == (1...3).map { "node\($0) ready on compute/new" })
    #expect(host.state.withLock { $0.mostRunning } == 1)
    await watching.value
  }

  /// One does not come back and keeps its place; the others go on.
  @Test func aDeadNodeStopsNobodyElse() async throws {
    let fixture = try Fixture()
    let host = ScriptedHost("head1")
    host.state.withLock { $0.reports = [Self.report(1, .failed)] + (2...4).map { Self.report($0, .ready) } }
    let steps = (1...4).map { Self.boot($0, place: Place(in: "nodes", of: 2, isAway: false)) }

    let outcome = try await fixture.executor([host]).run(Plan(steps: steps), as: "run", holder: "me")

    #expect(outcome.words == ["1 failed", "2 changed", "3 changed", "4 changed"])
    #expect(outcome.result == .partial)
  }

  /// Many wait, and one question tells how all of them stand.
  @Test func oneQuestionTellsOfAll() async throws {
    let fixture = try Fixture()
    let host = ScriptedHost("head1")
    host.state.withLock { $0.reports = (1...100).map { Self.report($0, .ready) } }

    let outcome = try await fixture.executor([host]).run(
      Plan(steps: (1...100).map { Self.boot($0) }), as: "run", holder: "me")

    #expect(outcome.result == .done)
    #expect(host.state.withLock { $0.asked } < 20)
  }

  /// What is on its way goes on by itself, and the next run takes it up.
  @Test func aStoppedRunWaitsForNothing() async throws {
    let fixture = try Fixture()
    let host = ScriptedHost("head1")
    let (stream, events) = AsyncStream.makeStream(of: RunEvent.self)
    host.state.withLock { $0.reports = [Self.report(1, .powered)] }
    let running = Task {
      try await fixture.executor([host], events: events).run(
        Plan(steps: [Self.boot(1), .write("a", after: ["1"])]), as: "run", holder: "me")
    }
    var wait: Wait?
    for await event in stream {
      guard case .expecting(let waits) = event, wait == nil else { continue }
      wait = waits[StepID("1")]
      running.cancel()
    }

    let outcome = try await running.value
    #expect(wait == Wait(seen: "node1: switched on", age: 0, left: 600))
    #expect(outcome.result == .cancelled)
    #expect(outcome.words == ["1 unknown", "a blocked"])
    #expect(outcome.steps[0].next?.contains("takes up what is on its way") == true)
    #expect(try await fixture.journal.unfinished().isEmpty)
  }

  /// The head that tells of the node is away for a moment: that says nothing of the node.
  @Test func aHeadThatIsAwayForAMomentFailsNobody() async throws {
    let fixture = try Fixture()
    let host = ScriptedHost("head1")
    let silent = ScriptedHost(
      "head1",
      reach: { () throws(AgentError) in
        let asked = host.state.withLock { state in
          state.asked += 1
          return state.asked
        }
        // The lease, the order and the first look; then two looks in vain.
        if (5...6).contains(asked) { throw .silent }
      })
    silent.state.withLock { $0.reports = [Self.report(1, .ready)] }

    let outcome = try await fixture.executor([silent]).run(Plan(steps: [Self.boot(1)]), as: "run", holder: "me")

    #expect(outcome.words == ["1 changed"])
  }
}
