// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Planning

extension Reconciler {
  /// A proposal with what a reader should know beside its steps: what it interrupts, how long it takes, the way back.
  package func review(
    _ proposal: Proposal, ceiling: Step.Disruption? = nil
  ) async throws(ReconcileError) -> PlanReview {
    let past: PastDurations
    do { past = PastDurations(try await journal.durations()) } catch { throw .execution(error) }
    let lastRun: RunRecord?
    do { lastRun = try history.log(site: site.id, limit: 1).first } catch { throw .audit(error) }
    let limits = ExecutionPolicy().limits
    let basis = ForecastBasis(
      activeHead: heads.active(in: proposal.inventory), past: past, perHost: limits.perHost, total: limits.total,
      lane: { $0.lane })
    return PlanReview(
      proposal.plan, forecast: PlanForecast(proposal.plan, basis), undo: UndoAdvice(lastRun: lastRun?.id),
      ceiling: ceiling)
  }
}
