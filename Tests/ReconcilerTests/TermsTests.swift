// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Planning
import Simulator
import Testing
import Wings

@testable import Reconciler

/// What a run is told to leave alone is left alone, and never counted as done.
@Suite struct TermsTests {
  private static func terms(_ targets: [String] = [], not excluded: [String] = [], at ceiling: Step.Disruption? = nil)
    throws -> RunTerms
  {
    RunTerms(
      scope: PlanScope(
        targets: try targets.map { try #require(Selector($0)) },
        excluded: try excluded.map { try #require(Selector($0)) }), ceiling: ceiling)
  }

  private static func drifted() async throws -> FakeSite {
    let site = try await FakeSite.applied()
    await site.machines.change { world in
      world.machines["head1"]?.installed["curl"] = nil
      world.machines["head2"]?.installed["curl"] = nil
    }
    return site
  }

  @Test func aTargetIsDoneAndTheRestIsNot() async throws {
    let site = try await Self.drifted()

    let applied = try await site.apply(Self.terms(["head2"]), run: "run-2")

    #expect(applied.isConverged)
    let isWhole = applied.isWhole
    #expect(!isWhole)
    #expect(applied.word == "converged-in-part")
    #expect(applied.outcome.steps.map(\.step) == [StepID("packages@head2:base/install")])
    #expect(applied.verified.leftOut == [ResourceID("packages", on: "head1", "base")])
    #expect(await site.machines.world.machines["head1"]?.installed["curl"] == nil)
  }

  @Test func excludingTheOtherIsTheSame() async throws {
    let site = try await Self.drifted()
    let reconciler = try await site.reconciler()
    let proposal = try await reconciler.propose(Self.terms(not: ["head1"]))
    let review = try await reconciler.review(proposal)
    #expect(proposal.plan.steps.map(\.id) == [StepID("packages@head2:base/install")])
    #expect(review.notes == ["Left out by --exclude head1, and not done: packages@head1:base."])
  }

  /// What is not in place is not ours yet: a later run must not believe that it has to take it away.
  @Test func whatWasLeftOutIsNotRecordedAsManaged() async throws {
    let site = try await FakeSite()
    try await site.apply(Self.terms(["file@head1:/etc/hosts"]), run: "run-1")
    let managed = try await site.reconciler().managedBefore().map(\.id.description)
    #expect(managed.contains("file@head1:/etc/hosts"))
    #expect(!managed.contains("file@head1:/etc/nginx/nginx.conf"))
  }

  @Test func aNameThatStandsForNothingIsAnErrorWithWhatWasMeant() async throws {
    let site = try await FakeSite.applied()
    let reconciler = try await site.reconciler()
    for (name, meant) in [
      ("node01", "`node001`"), ("file@head1:/etc/host", "`file@head1:/etc/hosts`"), ("switch", "this cluster"),
    ] {
      do {
        _ = try await reconciler.propose(Self.terms([name]))
        Issue.record("\(name) was taken")
      } catch let error as ReconcileError {
        #expect("\(error)".hasPrefix("`\(name)` names nothing in this cluster"))
        #expect("\(error)".contains(meant))
      }
    }
  }

  @Test func aboveTheCeilingNothingIsDone() async throws {
    let site = try await FakeSite.applied()
    try site.edit("[hwloc-nox, numactl]", "[hwloc-nox, jq, numactl]")
    let before = await site.machines.world.effects.count

    do {
      try await site.apply(Self.terms(at: .restart), run: "run-2")
      Issue.record("nodes were restarted")
    } catch let error as ReconcileError {
      guard case .tooDisruptive(let steps, .restart) = error else { throw error }
      #expect(steps.count == 4)
      #expect(error.isRefusal)
      #expect("\(error)".contains("restart node001 into compute/"))
    }
    #expect(await site.machines.world.effects.count == before)
    let allowed = try await site.apply(Self.terms(at: .reboot), run: "run-3")
    #expect(allowed.isConverged)
  }

  @Test func laterRoundsObeyTheCeilingToo() throws {
    let restart = Step(
      id: StepID("a"), resource: ResourceID("unit", on: "head1", "a"), host: "head1",
      operation: AnyOperation(EnsureUnit(UnitGoal(name: "a", enabled: nil, active: true))), after: [],
      disruption: .restart,
      because: "", source: nil, changes: [], destructive: false)
    #expect(!Consent(Plan(), within: try Self.terms(at: .reload)).covers(Plan(steps: [restart])))
    #expect(Consent(Plan(), within: try Self.terms(at: .restart)).covers(Plan(steps: [restart])))
  }
}
