// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Planning
import Simulator
import Synchronization
import Testing

@testable import Reconciler

/// A saved plan is carried out as it is, or refused with what moved.
@Suite struct SavedPlanTests {
  private static func saved(_ site: FakeSite) async throws -> SavedPlan {
    let reconciler = try await site.reconciler()
    // Through the file's form, as it is really used.
    return try SavedPlan(reconciler.saved(try await reconciler.propose()).encoded())
  }

  private static func changed() async throws -> FakeSite {
    let site = try await FakeSite.applied()
    try site.edit("every: 3s", "every: 5s")
    try await site.commit("Ask less often")
    return site
  }

  private func moved(_ site: FakeSite, _ saved: SavedPlan, siteID: String = "site") async throws -> [String] {
    let reconciler = try await site.reconciler(site: siteID)
    do throws(ReconcileError) {
      let convergence = try await reconciler.converge(
        RunRequest(run: "run-9", saved: saved), consent: { _ async throws(ReconcileError) in false },
        events: { _ in })
      guard case .declined = convergence else { throw .stale(["\(convergence)"]) }
      return []
    } catch {
      guard case .stale(let moved) = error else { throw error }
      #expect(error.isRefusal)
      return moved
    }
  }

  @Test func whatWasSavedIsDoneExactly() async throws {
    let site = try await Self.changed()
    let saved = try await Self.saved(site)
    let reconciler = try await site.reconciler()

    let shown = Mutex(Plan())
    let applied = try await reconciler.applied(saved: saved, run: "run-2") { proposal in
      shown.withLock { $0 = proposal.plan }
    }

    #expect(shown.withLock { $0 } == saved.plan)
    #expect(!saved.plan.steps.isEmpty)
    #expect(applied.isConverged)
    #expect(try await moved(site, saved).isEmpty == false)
  }

  @Test func anotherCommitIsRefusedAlsoWhenItSaysTheSame() async throws {
    let site = try await Self.changed()
    let saved = try await Self.saved(site)
    try await site.git("commit", "-q", "--allow-empty", "-m", "Nothing")
    let lines = try await moved(site, saved)
    #expect(lines.count == 1)
    #expect(lines.first?.contains("the spec was at") == true)
  }

  @Test func otherContentsOfTheSpecOrItsFilesAreRefused() async throws {
    let site = try await Self.changed()
    let saved = try await Self.saved(site)
    let motd = site.folder.appending(path: "images/compute/etc/motd")
    try Data("Another text.\n".utf8).write(to: motd)
    #expect(try await moved(site, saved).contains { $0.contains("has other contents") })
  }

  @Test func anotherSiteIsRefusedWithoutAskingItsMachines() async throws {
    let site = try await Self.changed()
    let saved = try await Self.saved(site)
    await site.machines.change { $0.machines["head1"]?.faults.unreachable = true }
    #expect(try await moved(site, saved, siteID: "lab:1") == ["it was made for site, and this is lab:1"])
  }

  @Test func whatSomebodyDidMeanwhileIsNamed() async throws {
    let site = try await Self.changed()
    let saved = try await Self.saved(site)
    await site.machines.change { $0.machines["head2"]?.installed["curl"] = nil }
    let lines = try await moved(site, saved)
    #expect(lines.contains("head2: packages changed since"))
    #expect(lines.contains("a step came in: packages@head2:base/install"))
  }

  @Test func timeAloneMovesNothing() async throws {
    let site = try await Self.changed()
    let saved = try await Self.saved(site)
    await site.machines.change { $0.now += 20 }
    #expect(try await moved(site, saved) == [])
  }

  @Test func itsTermsComeBack() async throws {
    let site = try await Self.changed()
    let reconciler = try await site.reconciler()
    let scope = PlanScope(targets: [try #require(Selector("pacemaker:*"))])
    let proposal = try await reconciler.propose(RunTerms(scope: scope, ceiling: .reload))
    let saved = try SavedPlan(reconciler.saved(proposal).encoded())
    let again = try #require(saved.terms)
    #expect(again.scope.text == "--target pacemaker:*")
    #expect(again.ceiling == .reload)
  }

  @Test func secretsAreNotInIt() async throws {
    let site = try await FakeSite()
    let saved = try await Self.saved(site)
    let text = String(decoding: try saved.encoded(), as: UTF8.self)
    for secret in ["bmc/head1", "bmc/head2", "bmc/nodes", "corosync/authkey"] {
      #expect(text.contains(secret))
      #expect(!text.contains(String(decoding: FakeWorld.password(SecretRef(secret)), as: UTF8.self)))
    }
  }

  @Test(arguments: ["", "{}", "{\"version\": 2}", "{\"version\": 1}", "not JSON"])
  func whatIsNoPlanIsRefused(_ text: String) {
    #expect(throws: ReconcileError.self) { try SavedPlan(Data(text.utf8)) }
  }
}
