// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Synchronization
import TestKit
import Testing

@testable import AgentServer

@Suite struct LeaseTests {
  /// A clock that the test moves, and a boot that it can end.
  final class World: Sendable {
    let time = Mutex((seconds: 1000.0, boot: 1))
    var boot: String { "boot-\(time.withLock { $0.boot })" }
    var now: Double { time.withLock { $0.seconds } }
    func pass(_ seconds: Double) { time.withLock { $0.seconds += seconds } }
    func restart() { time.withLock { $0 = (seconds: 5, boot: $0.boot + 1) } }
  }

  let folder: TemporaryFolder
  let world = World()
  let store: LeaseStore

  init() throws {
    folder = try TemporaryFolder()
    store = Self.store(folder.path, world)
  }

  static func store(_ folder: String, _ world: World) -> LeaseStore {
    LeaseStore(folder: folder, now: { world.now }, boot: { () throws(AgentError) in world.boot })
  }

  static func run(_ name: String, _ generation: Int) -> RunToken {
    RunToken(run: name, generation: generation, holder: "test", leaseSeconds: 60)
  }

  /// Somebody who gives a lease back holds the mark's lock for moments; who hangs there does not keep others for ever.
  @Test func aMarkIsWaitedForUpToADeadline() async throws {
    let path = folder.path + "/operations.lock"
    guard let held = try FileLock(path) else { throw Taken() }

    let error = await #expect(throws: AgentError.self) {
      _ = try await store.workingMark(within: .milliseconds(30))
    }

    #expect(error?.code == .deadline)
    #expect(error?.message.contains(path) == true)
    _ = consume held
    let first = try await store.workingMark(within: .milliseconds(30))
    let second = try await store.workingMark(within: .milliseconds(30))
    withExtendedLifetime((first, second)) {}
  }

  @Test func whoSharesALockKeepsOutWhoWantsItAlone() throws {
    let path = folder.path + "/lock"
    guard let first = try FileLock(path, shared: true), let second = try FileLock(path, shared: true) else {
      throw Taken()
    }

    #expect(try !isFree(path))
    _ = consume first
    #expect(try !isFree(path))
    _ = consume second
    #expect(try isFree(path))
  }

  private func isFree(_ path: String) throws -> Bool {
    guard let lock = try FileLock(path) else { return false }
    _ = consume lock
    return true
  }

  private struct Taken: Error {}

  @Test func aLaterRoundFollowsWithoutGivingTheLeaseBack() async throws {
    let first = Self.run("a", 1)
    try await store.claim(first)
    world.pass(5)

    try await store.claim(first.next)

    #expect(try await store.state().holder == first.next && first.next.run == "a.2" && first.next.next.run == "a.3")
    // How long the run has been at work, not the round.
    #expect(try await store.state().heldSeconds == 5)
    await expect(.staleGeneration) { () throws(AgentError) in try await store.use(first) }
    await expect(.leaseHeld) { () throws(AgentError) in try await store.claim(Self.run("b", 9)) }
    try await store.release(first.next)
    #expect(try await store.state().holder == nil)
  }

  /// What the round before has begun may still be at work, and nobody may work beside it.
  @Test func aLaterRoundWaitsForTheEndOfAnOperation() async throws {
    let first = Self.run("a", 1)
    try await store.claim(first)
    let mark = try await store.workingMark()

    await expect(.leaseHeld) { () throws(AgentError) in try await store.claim(first.next) }
    withExtendedLifetime(mark) {}
  }

  @Test func anotherRunIsRefusedWhileTheLeaseLives() async throws {
    try await store.claim(Self.run("a", 1))
    world.pass(59)

    await expect(.leaseHeld) { () throws(AgentError) in try await store.claim(Self.run("b", 2)) }
    #expect(try await store.state().secondsLeft == 1)

    world.pass(2)
    try await store.claim(Self.run("b", 2))
    await expect(.staleGeneration) { () throws(AgentError) in try await store.use(Self.run("a", 1)) }
  }

  @Test func askingLeavesNoTrace() async throws {
    let empty = Self.store(folder.path + "/none", world)

    #expect(try await empty.state() == LeaseState(newestGeneration: 0, holder: nil, secondsLeft: 0))
    #expect(try FileSystem.entry(folder.path + "/none") == nil)
  }

  @Test func aRestartEndsTheLeaseButNotTheGeneration() async throws {
    try await store.claim(Self.run("a", 4))
    world.restart()

    #expect(try await store.state() == LeaseState(newestGeneration: 4, holder: nil, secondsLeft: 0))
    await expect(.staleGeneration) { () throws(AgentError) in try await store.claim(Self.run("b", 3)) }
    try await store.claim(Self.run("b", 5))
  }

  @Test func useLengthensTheLease() async throws {
    try await store.claim(Self.run("a", 1))
    world.pass(50)
    try await store.use(Self.run("a", 1))
    world.pass(50)

    #expect(try await store.state().holder?.run == "a")
  }

  @Test func releaseIsOnlyForTheHolder() async throws {
    try await store.claim(Self.run("a", 1))
    try await store.release(Self.run("b", 2))
    #expect(try await store.state().holder?.run == "a")

    try await store.release(Self.run("a", 1))
    try await store.claim(Self.run("b", 2))
  }

  /// Executors that claim, work and give back at random, as agents of several processes would: whoever was just told
  /// that it may work is the only one, as long as its lease can live.
  @Test func twoRunsNeverHoldItAtOnce() async throws {
    var random = SeededGenerator()
    // Two agents: each has its own store over the same files.
    let stores = [store, Self.store(folder.path, world)]
    var holds: [String: Double] = [:]
    var newest = 0
    for _ in 0..<600 {
      let executor = Int.random(in: 0..<4, using: &random)
      let run = Self.run("run\(executor)", Int.random(in: max(1, newest - 1)...newest + 2, using: &random))
      let store = stores[executor % 2]
      do throws(AgentError) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4:
          try await store.claim(run)
          #expect(run.generation >= newest, "a stale generation was let in")
          newest = max(newest, run.generation)
          holds[run.run] = world.now + 60
        case 4..<7:
          try await store.use(run)
          #expect(run.generation >= newest, "a stale generation was let work")
          newest = max(newest, run.generation)
          holds[run.run] = world.now + 60
        case 7:
          try await store.release(run)
          holds[run.run] = nil
        case 8: world.pass(Double.random(in: 0...50, using: &random))
        default:
          if Int.random(in: 0..<20, using: &random) == 0 {
            world.restart()
            holds = [:]
          }
        }
      } catch {
        #expect(error.code == .leaseHeld || error.code == .staleGeneration)
      }
      #expect(holds.values.filter { $0 > world.now }.count <= 1)
    }
  }

  @Test func ofManyAtOnceOneGetsIt() async throws {
    for round in 1...20 {
      let winners = await withTaskGroup(of: Bool.self) { group in
        for name in ["a", "b", "c", "d"] {
          group.addTask { [folder, world] in
            let store = Self.store(folder.path + "/\(round)", world)
            do throws(AgentError) { try await store.claim(Self.run(name, round)) } catch { return false }
            return true
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(winners == 1)
    }
  }

  private func expect(_ code: AgentError.Code, _ body: () async throws(AgentError) -> Void) async {
    do throws(AgentError) {
      try await body()
      Issue.record("was let through, not refused with \(code)")
    } catch {
      #expect(error.code == code)
    }
  }
}
