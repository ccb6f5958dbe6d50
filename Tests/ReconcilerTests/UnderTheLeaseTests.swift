// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Planning
import Simulator
import Testing

@testable import Reconciler

/// Between the question and the lease others may be at work: what was agreed to is done, or nothing.
@Suite struct UnderTheLeaseTests {
  private static func moved(_ body: () async throws -> Void) async throws -> [String] {
    do {
      try await body()
      return []
    } catch let error as ReconcileError {
      #expect(error.isRefusal && error.next.contains("apply"))
      switch error {
      case .moved(let news), .stale(let news): return news
      default: throw error
      }
    }
  }

  /// A site on which something of ours is missing on one head.
  private static func drifted() async throws -> FakeSite {
    let site = try await FakeSite.applied()
    await site.machines.change { $0.machines["head1"]?.installed["curl"] = nil }
    return site
  }

  /// An older description would take away again what the newer one has brought.
  @Test func aNewerDescriptionThatWasAppliedMeanwhileIsNotUndone() async throws {
    let site = try await Self.drifted()
    let first = try await site.reconciler()
    try site.edit("every: 3s", "every: 5s")
    let second = try await site.reconciler()

    let news = try await Self.moved {
      try await first.applied(run: "run-2") { _ in _ = try? await second.applied(run: "run-3") }
    }

    #expect(news == ["a step came in: pacemaker:cib/configure"])
    #expect(try first.history.log(site: "site", limit: 1).map(\.id) == ["run-3"])
    #expect(try await second.propose().plan.isClean)
    let left = await site.machines.world.machines.values.compactMap { $0.lease.state(now: 1_700_000_000).holder }
    #expect(left.isEmpty)
  }

  @Test func whatSomebodyElseHasDoneAlreadyIsNotDoneAgain() async throws {
    let site = try await Self.drifted()
    let (first, second) = (try await site.reconciler(), try await site.reconciler())

    let error = await #expect(throws: NotApplied.self) {
      try await first.applied(run: "run-2") { _ in _ = try? await second.applied(run: "run-3") }
    }

    guard case .nothingToDo = try #require(error).convergence else { throw try #require(error) }
    #expect(try first.history.log(site: "site", limit: 1).map(\.id) == ["run-3"])
  }

  /// Part of it was done by somebody else, with what only his run has put in place: the record is taken as it is then.
  @Test func theRestIsDoneAndWhatTheOtherRunPutInPlaceStaysManaged() async throws {
    let site = try await FakeSite()
    let first = try await site.reconciler()
    let target = RunTerms(scope: PlanScope(targets: [try #require(Selector("file@head1:/etc/hosts"))]))
    let other = try await site.reconciler()

    let applied = try await first.applied(run: "run-2") { _ in _ = try? await other.applied(target, run: "run-1") }

    #expect(applied.isConverged)
    #expect(!applied.outcome.steps.contains { $0.step == StepID("file@head1:/etc/hosts/write") })
    #expect(try await first.managedBefore().contains { $0.id == ResourceID("file", on: "head1", "/etc/hosts") })
    #expect(try first.history.log(site: "site", limit: 9).map(\.id) == ["run-2", "run-1"])
  }

  @Test func whatWasDoneByHandAtTheQuestionIsNamed() async throws {
    let site = try await Self.drifted()
    let (reconciler, machines) = (try await site.reconciler(), site.machines)

    let news = try await Self.moved {
      try await reconciler.applied(run: "run-2") { _ in
        await machines.change { $0.machines["head2"]?.installed["curl"] = nil }
      }
    }

    #expect(news == ["a step came in: packages@head2:base/install"])
    #expect(await machines.world.machines["head1"]?.installed["curl"] == nil)
  }

  /// Among a thousand one does in any minute. It is switched on and waited for, which takes nothing away.
  @Test func aNodeThatFallsSilentAtTheQuestionRefusesNothing() async throws {
    let site = try await Self.drifted()
    let (reconciler, machines) = (try await site.reconciler(), site.machines)

    let applied = try await reconciler.applied(run: "run-2") { _ in
      await machines.change { world in
        world.hear()
        world.nodes["node002"]?.image = nil
        world.now += 240
        for address in world.boards.keys where world.boards[address]?.machine == "node002" {
          world.boards[address]?.power = .off
        }
      }
    }

    #expect(applied.isConverged)
    #expect(applied.outcome.steps.map(\.step).contains(StepID("nodes:all/boot-node002")))
  }

  /// One that has to restart by now was not shown.
  @Test func aNodeThatWouldRestartRefusesAll() async throws {
    let site = try await Self.drifted()
    let (reconciler, machines) = (try await site.reconciler(), site.machines)

    let news = try await Self.moved {
      try await reconciler.applied(run: "run-2") { _ in
        await machines.change { $0.nodes["node002"]?.image = "other/0123456789abcdef" }
      }
    }

    #expect(news == ["a step came in: nodes:all/restart-node002"])
  }

  @Test func aSavedPlanIsHeldAgainstTheSiteOnceMore() async throws {
    let site = try await Self.drifted()
    let (reconciler, machines) = (try await site.reconciler(), site.machines)
    let saved = try reconciler.saved(try await reconciler.propose())

    let news = try await Self.moved {
      try await reconciler.applied(saved: saved, run: "run-2") { _ in
        await machines.change { $0.machines["head2"]?.installed["curl"] = nil }
      }
    }

    #expect(news.contains("a step came in: packages@head2:base/install"))
    #expect(await machines.world.machines["head1"]?.installed["curl"] == nil)
  }

  /// One lease for all rounds: claimed anew for each, and given back once.
  @Test func theLeaseIsHeldFromTheLookToTheRecord() async throws {
    let site = try await Self.drifted()
    let machines = site.machines
    var head1 = SpiedHost(machines.host("head1"))
    head1.performed = { await machines.change { $0.machines["head2"]?.installed["curl"] = nil } }
    let head2 = SpiedHost(machines.host("head2"))
    let reconciler = try await site.reconciler().with(hosts: ["head1": head1, "head2": head2])

    let applied = try await reconciler.applied(run: "run-2")

    #expect(applied.isConverged && applied.outcome.generations.count == 2)
    for head in [head1, head2] {
      #expect(head.counts["claim"] == 2 && head.counts["release"] == 1)
      // Before the question, under the lease, and after each round.
      #expect(head.counts["answer"] == 4)
    }
  }

  @Test func whereNothingIsToDoNothingIsHeldAndEverythingIsAskedOnce() async throws {
    let site = try await FakeSite.applied()
    let head1 = SpiedHost(site.machines.host("head1"))
    let reconciler = try await site.reconciler().with(hosts: ["head1": head1, "head2": site.machines.host("head2")])

    await #expect(throws: NotApplied.self) { try await reconciler.applied(run: "run-2") }

    #expect(head1.counts["claim"] == 0 && head1.counts["answer"] == 1)
  }
}
