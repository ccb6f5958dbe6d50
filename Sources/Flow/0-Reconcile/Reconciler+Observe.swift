// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Observation
import Planning
import Wings

/// The facts that a plan is made from, beside the desired state.
struct SeenSite: Sendable {
  /// The resources that the record lists as ours.
  var previously: [ManagedResource]
  var inventory: Inventory
  /// The same with what an errand has asked besides, which is no part of the record. Nil: there is no errand.
  var sight: ErrandSight?
}

extension Reconciler {
  /// Compares what is wanted with what is there, and plans the steps between. Changes nothing.
  /// - Parameter terms: what part of it is wanted.
  /// - Parameter takenAway: what the same run has taken away already, and no record says yet.
  package func propose(
    _ terms: RunTerms = RunTerms(), without takenAway: Set<ResourceID> = []
  ) async throws(ReconcileError) -> Proposal {
    var seen = try await observe()
    // Also what was taken away is looked at: the record says that it is gone.
    seen.previously.removeAll { takenAway.contains($0.id) }
    return try plan(terms, seen)
  }

  /// Asks all heads about what is wanted, and about what the record lists now.
  func observe() async throws(ReconcileError) -> SeenSite {
    let previously = try await managedBefore()
    return SeenSite(
      previously: previously, inventory: await observe(wanted.questions(previously: previously), on: clock))
  }

  private func observe(_ questions: [HostID: [AnyProbe]], on clock: some Clock<Duration>) async -> Inventory {
    await Observer(secrets: secrets, clock: clock, now: now).observe(questions, hosts: hosts)
  }

  /// The plan of a run, as it is asked for: what its terms leave of the whole, the plan that was saved, or that of an
  /// errand.
  func plan(_ request: RunRequest, _ seen: SeenSite) throws(ReconcileError) -> Proposal {
    if let errand = request.errand { return try plan(errand, seen) }
    guard let saved = request.saved else { return try plan(request.terms, seen) }
    return try plan(exactly: saved, seen)
  }

  /// The same under the lease: refused when it does anything that was not shown.
  func plan(
    _ request: RunRequest, _ seen: SeenSite, within consent: Consent
  ) throws(ReconcileError) -> Proposal {
    let proposal = try plan(request, seen)
    try check(proposal)
    let news = consent.news(in: proposal.plan)
    if !news.isEmpty { throw .moved(news) }
    return proposal
  }

  func plan(_ terms: RunTerms, _ seen: SeenSite) throws(ReconcileError) -> Proposal {
    let plan: Plan
    do throws(PlanProblems) {
      plan = try Planner.plan(
        wanted, previously: seen.previously, inventory: seen.inventory,
        mostNodesAway: NodePolicy.mostAway(of: cluster.nodesInService.count), now: now())
    } catch { throw .plan(error) }
    return try cut(plan, terms, seen.inventory, wanted.resources, seen.previously)
  }

  /// Who may hold the service address, for the planner.
  var heads: HeadOrder { HeadOrder(cluster, sight: HighAvailability.sight) }
}
