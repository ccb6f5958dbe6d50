// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Observation
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

extension Reconciler {
  /// The machines as they are now, and the last run of this site.
  package func status() async throws(ReconcileError) -> StatusReport {
    var questions: [HostID: [AnyProbe]] = [:]
    for question in StatusReport.questions(cluster) {
      questions[question.host, default: []].append(question.probe)
    }
    let inventory = await observe(questions, on: clock)
    var report = StatusReport.assemble(cluster, inventory, site: site.id, lastRun: try lastRun())
    await addLeases(to: &report)
    return report
  }

  /// Adds the leases of heads that have just answered; one that is silent now may have a run at work.
  private func addLeases(to report: inout StatusReport) async {
    for head in report.heads.lazy.filter(\.online).map(\.name) {
      guard let host = hosts[HostID(head)] else { continue }
      do throws(AgentError) {
        let state = try await host.lease()
        guard let token = state.holder else { continue }
        report.leases.append(
          StatusReport.HostLease(
            head: head, run: token.run, holder: token.holder, seconds: state.heldSeconds,
            secondsLeft: state.secondsLeft, unconfirmed: state.pending?.what))
      } catch {
        report.unknownLeases.append(StatusReport.UnknownLease(head: head, reason: "\(error)"))
      }
    }
  }

  private func observe(_ questions: [HostID: [AnyProbe]], on clock: some Clock<Duration>) async -> Inventory {
    await Observer(secrets: secrets, deadline: .seconds(20), clock: clock, now: now).observe(questions, hosts: hosts)
  }

  private func lastRun() throws(ReconcileError) -> StatusReport.LastRun? {
    do {
      return try history.log(site: site.id, limit: 1).first.map {
        StatusReport.LastRun(id: $0.id, result: $0.result, commit: $0.commit, at: $0.at)
      }
    } catch { throw .audit(error) }
  }
}
