// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Planning
import Wings

extension Reconciler {
  /// A proposal with what a reader should know beside its steps: what it interrupts, how long it takes, the way back.
  package func review(_ proposal: Proposal) async throws(ReconcileError) -> PlanReview {
    let lastRun: RunRecord?
    do { lastRun = try history.log(site: site.id, limit: 1).first } catch { throw .audit(error) }
    var review = PlanReview(
      proposal.plan, forecast: PlanForecast(proposal.plan, try await basis(proposal)),
      undo: proposal.errand == nil ? UndoAdvice(lastRun: lastRun?.id) : nil,
      notes: proposal.notes + proposal.leftOutNote + WingCatalog.notes(cluster, proposal.inventory),
      scope: proposal.terms.scope.isWhole ? nil : proposal.terms.scope.text, ceiling: proposal.terms.ceiling)
    review.errand = proposal.errand?.words
    review.simulated = site.isSimulated
    return review
  }

  /// How long its steps are expected to take.
  package func estimate(_ proposal: Proposal) async throws(ReconcileError) -> RunEstimate {
    RunEstimate(proposal.plan, try await basis(proposal))
  }

  private func basis(_ proposal: Proposal) async throws(ReconcileError) -> ForecastBasis {
    let past: PastDurations
    do { past = PastDurations(try await journal.durations()) } catch { throw .execution(error) }
    let limits = ExecutionPolicy().limits
    return ForecastBasis(
      activeHead: heads.active(in: proposal.inventory), past: past, services: WingCatalog.serviceNames(of: cluster),
      limits: .init(perHost: limits.perHost, total: limits.total, lanes: WingCatalog.lanes(of: cluster)))
  }
}
