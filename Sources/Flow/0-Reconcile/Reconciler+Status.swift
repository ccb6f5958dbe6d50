// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Observation
import Wings

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

  /// Of heads that have just answered; one that is silent now may have a run at work.
  private func addLeases(to report: inout StatusReport) async {
    for head in report.heads.lazy.filter(\.online).map(\.name) {
      guard let host = hosts[HostID(head)] else { continue }
      do throws(AgentError) {
        let state = try await host.lease()
        guard let token = state.holder else { continue }
        report.leases.append(
          StatusReport.Lease(
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
