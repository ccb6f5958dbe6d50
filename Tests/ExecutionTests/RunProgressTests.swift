// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import TestKit
import Testing
import Wings

@testable import Execution

@Suite struct RunProgressTests {
  private func done(_ step: Step) -> StepReport {
    StepReport(
      step: step.id, host: step.host, result: .done(Outcome(changed: true, detail: "")), startedAt: 0, seconds: 0,
      attempts: 1)
  }

  private func failed(_ step: Step) -> StepReport {
    StepReport(step: step.id, host: step.host, result: .failed(.full), startedAt: 0, seconds: 0, attempts: 1)
  }

  @Test func aFailureBlocksOnlyWhatComesAfterIt() throws {
    let steps: [Step] = [.write("a"), .write("b", after: ["a"]), .write("c", after: ["b"]), .write("d")]
    var progress = try RunProgress(steps)

    let first = progress.takeReady()
    let blocked = progress.record(failed(steps[0]))
    _ = progress.record(done(steps[3]))

    #expect(first.map(\.id.text) == ["a", "d"])
    #expect(blocked.map(\.step.text) == ["b", "c"])
    #expect(progress.isOver)
    #expect(progress.reports.map(\.word) == ["failed", "blocked", "blocked", "changed"])
  }

  @Test func aStoppedRunStartsNothingAndWaitsForTheRest() throws {
    let steps: [Step] = [.write("a"), .write("b", after: ["a"])]
    var progress = try RunProgress(steps)
    _ = progress.takeReady()

    progress.stop()
    #expect(!progress.isOver)
    _ = progress.record(done(steps[0]))

    #expect(progress.takeReady().isEmpty)
    #expect(progress.isOver)
    #expect(progress.reports.map(\.word) == ["changed", "not-started"])
  }

  @Test func packagesAreInstalledOneAtATimeOnAHost() throws {
    let steps = ["a", "b"].flatMap { name in
      ["head1", "head2"].map { host in
        var step = Step.write("\(name)-\(host)", on: HostID(host))
        step.operation = AnyOperation(EnsurePackages([name]))
        return step
      }
    }
    var progress = try RunProgress(steps)

    let first = progress.takeReady()
    _ = progress.record(done(first[0]))

    #expect(first.map(\.id.text) == ["a-head1", "a-head2"])
    #expect(progress.takeReady().map(\.id.text) == ["b-head1"])
  }

  private func restarts(_ count: Int, atOnce: Int, away: Int = 0) -> [Step] {
    (1...count).map { number in
      var step = Step.write("\(number)")
      step.place = Place(in: "nodes", of: atOnce, isAway: number <= away)
      return step
    }
  }

  /// Whoever waits holds no slot, and still is not done.
  @Test func whatIsWaitedForLeavesItsSlotToOthers() throws {
    let steps: [Step] = [.write("a"), .write("b"), .write("c", after: ["a"])]
    var progress = try RunProgress(steps, limits: RunProgress.Limits(perHost: 1, total: 1))

    #expect(progress.takeReady().map(\.id.text) == ["a"])
    progress.expect(steps[0].id)
    #expect(progress.takeReady().map(\.id.text) == ["b"])
    _ = progress.record(done(steps[1]))
    #expect(progress.takeReady().isEmpty && !progress.isOver)
    _ = progress.record(done(steps[0]))
    #expect(progress.takeReady().map(\.id.text) == ["c"])
  }

  @Test func asManyAreAwayAsThereArePlaces() throws {
    let steps = restarts(5, atOnce: 2)
    var progress = try RunProgress(steps)

    #expect(progress.takeReady().map(\.id.text) == ["1", "2"])
    progress.expect(steps[0].id)
    #expect(progress.takeReady().isEmpty)
    _ = progress.record(done(steps[0]))
    #expect(progress.takeReady().map(\.id.text) == ["3"])
  }

  /// All are away already; still no more than so many fetch their image at once.
  @Test func noMoreAreOnTheirWayThanMayBe() throws {
    let steps = restarts(5, atOnce: 1, away: 5).map { step in
      var step = step
      step.place?.atOnce = 2
      return step
    }
    var progress = try RunProgress(steps)

    #expect(progress.takeReady().map(\.id.text) == ["1", "2"])
    progress.expect(steps[0].id)
    #expect(progress.takeReady().isEmpty)
    #expect(progress.record(failed(steps[0])).isEmpty)
    #expect(progress.takeReady().map(\.id.text) == ["3"])
    for step in steps[1...2] { _ = progress.record(done(step)) }
    #expect(progress.takeReady().map(\.id.text) == ["4", "5"])
  }

  /// It keeps its place, and the others go on with the other one.
  @Test func aMachineThatStaysAwayStopsNobodyElse() throws {
    let steps = restarts(5, atOnce: 2)
    var progress = try RunProgress(steps)
    var taken = progress.takeReady()
    #expect(progress.record(failed(taken.removeFirst())).isEmpty)
    while let step = taken.popLast() {
      _ = progress.record(done(step))
      taken += progress.takeReady()
      #expect(taken.count <= 1)
    }

    #expect(progress.isOver)
    #expect(progress.reports.map(\.word) == ["failed", "changed", "changed", "changed", "changed"])
  }

  @Test func whenAllPlacesAreKeptTheOthersAreBlocked() throws {
    let steps = restarts(4, atOnce: 2, away: 1)
    var progress = try RunProgress(steps)
    #expect(progress.takeReady().map(\.id.text) == ["1", "2"])
    #expect(progress.record(failed(steps[1])).isEmpty)
    let blocked = progress.record(failed(steps[0]))

    #expect(blocked.map(\.step.text) == ["3", "4"])
    #expect(blocked.allSatisfy { $0.result == .blocked(by: StepID("1")) })
    #expect(progress.isOver)
  }

  /// Orders to BMCs: as many at once as the lane is wide, whatever a host may do else, and none of that is taken away.
  @Test func aLaneWithAWidthOfItsOwnIsLimitedByThatAlone() throws {
    let orders = (0..<200).map { Step.power("\($0)") }
    let others = (0..<4).map { Step.write("w\($0)") }
    var progress = try RunProgress(orders + others, limits: .init(perHost: 2, total: 2, lanes: [Power.lane: 64]))

    var running = progress.takeReady()
    #expect(running.count { $0.operation.lane == Power.lane } == 64)
    #expect(running.count { $0.operation.lane == nil } == 2)
    var most = running.count
    while let step = running.popLast() {
      _ = progress.record(done(step))
      running += progress.takeReady()
      most = max(most, running.count)
      #expect(running.count { $0.operation.lane == Power.lane } <= 64)
    }

    #expect(most == 66)
    #expect(progress.isOver && progress.reports.allSatisfy(\.succeeded))
  }

  @Test func aStepAfterAMissingOneIsRefused() {
    #expect(throws: ExecutionError.self) { try RunProgress([.write("a", after: ["nothing"])]) }
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>) func everyStepRunsOnceAndInOrderWithinTheLimits(_ seed: UInt64) throws
  {
    var random = SeededGenerator(seed: seed)
    let limits = RunProgress.Limits(
      perHost: Int.random(in: 1...3, using: &random), total: Int.random(in: 1...4, using: &random))
    let steps = (0..<Int.random(in: 1...50, using: &random)).map { number in
      Step.write(
        "\(number)", on: Bool.random(using: &random) ? "head1" : "head2",
        after: (0..<number).filter { _ in Int.random(in: 0..<5, using: &random) == 0 }.map { "\($0)" })
    }
    var progress = try RunProgress(steps, limits: limits)
    var running: [Step] = []
    var finished: Set<StepID> = []

    while !progress.isOver {
      for step in progress.takeReady() {
        #expect(finished.isSuperset(of: step.after))
        running.append(step)
      }
      #expect(running.count <= limits.total)
      #expect(Dictionary(grouping: running, by: \.host).values.allSatisfy { $0.count <= limits.perHost })
      let index = try #require(running.indices.randomElement(using: &random))
      let step = running.remove(at: index)
      #expect(finished.insert(step.id).inserted)
      _ = progress.record(done(step))
    }

    #expect(finished.count == steps.count)
  }
}

extension Step {
  fileprivate static func power(_ id: String) -> Step {
    let bmc = BMC(address: IPv4Address(bits: 1), protocol: .ipmi, user: "admin", password: SecretRef("bmc"))
    return Step(
      id: StepID(id), resource: ResourceID("power", id), host: "head1",
      operation: AnyOperation(EnsurePower(bmc: bmc, state: .on, of: .node(HostID(id), mac: nil))), after: [],
      disruption: .none, because: "", source: nil, changes: [], destructive: false)
  }
}
